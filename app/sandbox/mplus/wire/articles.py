"""Products, articles, groups and images: names, order and types as the vendor describes them (mplus.md §4), in the short form of schema.py."""

OPERATIONS = """
getProducts(request:GetProductsRequest) -> GetProductsResponse
createProduct(product:Product) -> CreateProductResponse
updateProduct(product:Product) -> UpdateProductResponse
getArticleGroups(request:GetArticleGroupsRequest) -> GetArticleGroupsResponse
getArticleGroupChanges(request:GetArticleGroupChangesRequest) -> GetArticleGroupChangesResponse
newArticleGroup(request:NewArticleGroupRequest) -> NewArticleGroupResponse
updateArticleGroup(request:UpdateArticleGroupRequest) -> UpdateArticleGroupResponse
deleteArticleGroup(request:DeleteArticleGroupRequest) -> DeleteArticleGroupResponse
addProductsToArticleGroup(request:AddProductsToArticleGroupRequest) -> AddProductsToArticleGroupResponse
replaceProductsOfArticleGroup(request:ReplaceProductsOfArticleGroupRequest) -> ReplaceProductsOfArticleGroupResponse
deleteProductsFromArticleGroup(request:DeleteProductsFromArticleGroupRequest) -> DeleteProductsFromArticleGroupResponse
getImages(request?:GetImagesRequest) -> GetImagesResponse
createImage(request:CreateImageRequest) -> CreateImageResponse
createImageFromUrl(request:CreateImageFromUrlRequest) -> CreateImageResponse
getCardImages(request:GetCardImagesRequest) -> GetCardImagesResponse
saveCardImages(request:SaveCardImagesRequest) -> SaveCardImagesResponse
getCardImageLabels(request:GetCardImageLabelsRequest) -> GetCardImageLabelsResponse
"""

TYPES = """
AddProductsToArticleGroupRequest = groupNumber:int position?:int productNumbers:NumberList
AddProductsToArticleGroupResponse = result:AddProductsToArticleGroupResult
Article = articleNumber?:long extArticleId? pluNumber? syncMarker?:long changeTimestamp?:SoapMplusDateTime
    createTimestamp?:SoapMplusDateTime active?:boolean description? colour? colourSequenceNumber?:int size?
    sizeSequenceNumber?:int invoiceText? receiptText? displayText? barcode? barcodeDate?:SoapMplusDate
    contentUnit? contentQuantity?:long contentQuantityDecimalPlaces?:int brandName? extraText?
    turnoverGroup?:int vatCode?:int vatPercentage?:int vatCodeAlternative?:int vatPercentageAlternative?:int
    averagePurchasePrice?:long purchasePrice?:long priceIncl?:long priceExcl?:long siUnit? unit?
    orderQuantityValue?:long orderQuantityDecimalPlaces?:int supplierRelationNumber?:long
    supplierRelationName? supplierArticleNumber? webshop?:boolean categoryId?:int categoryIds?:CategoryIdSet
    stockArticle?:boolean articleDiscountGroupNumber?:int articleDiscountGroupName? course?:any
    specialPrice?:ArticleSpecialPrice showPreparationMethodsDirectly?:boolean
    showPreparationMethodsPerGroup?:boolean exchangeRateBuyPrice?:long
    exchangeRateBuyPriceDecimalPlaces?:int exchangeRateSellPrice?:long
    exchangeRateSellPriceDecimalPlaces?:int exchangeRateMultiplier?:int imageList?:ImageList
    customFieldList?:CustomFieldList salesPriceList?:SalesPriceList priceGroupList?:PriceGroupList
    preparationMethodList?:any componentArticleList?:ComponentArticleList linkedArticleList?:any
    barcodeList?:BarcodeList relationArticleDiscountList?:RelationArticleDiscountList askFor?:any
    nutritionalCharacteristics?:any discontinued?:boolean stockSiUnit? specialBehaviour?:any
    ageCheckMinimumAge?:int oldestBestBeforeDate?:date shelfLifeInDays?:int shelfLifeInHours?:int
    priceDeviationMin?:decimal priceDeviationMax?:decimal availableForInterbranchOrdering?:boolean
ArticleGroup = groupNumber:int syncMarker?:long name text subGroupList:ArticleGroupList sortOrder:int
    productNumbers?:NumberList image?:Image articleNumbers?:NumberList isDeleted?:boolean
ArticleGroupList[articleGroups] = articleGroups*:ArticleGroup
ArticleList[article] = article*:Article
Barcode = barcodeId?:long description? barcode? barcodeDate?:SoapMplusDate quantity?:long decimalPlaces?:int
    contentUnit? contentQuantity?:long contentQuantityDecimalPlaces?:int purchasePrice?:long priceIncl?:long
    priceExcl?:long isCurrent?:boolean
BarcodeList[barcode] = barcode*:Barcode
CardImageData = cardNumber:long images*:ImageData
ChangedArticleGroup = groupNumber:int parentGroupNumber?:int syncMarker?:long name text
    subGroupNumbers?:NumberList sortOrder:int productNumbers?:NumberList image?:Image isDeleted?:boolean
ChangedArticleGroupList[changedArticleGroups] = changedArticleGroups*:ChangedArticleGroup
ComponentArticle = articleNumber?:long quantity?:long decimalPlaces?:int description? invoiceText?
    receiptText? displayText? barcode? barcodeDate?:SoapMplusDate contentUnit? contentQuantity?:long
    contentQuantityDecimalPlaces?:int turnoverGroup?:int vatCode?:int vatPercentage?:int
    vatCodeAlternative?:int vatPercentageAlternative?:int purchasePrice?:long priceIncl?:long
    priceExcl?:long linkedArticleList?:any
ComponentArticleList[componentArticle] = componentArticle*:ComponentArticle
CreateImageCardLink = cardType:CardType cardNumbers*:long labels?:ImageCardLabelIds
CreateImageFromUrlRequest = imageName mimeType imageUrl cardLink?:CreateImageCardLink
CreateImageRequest = imageName mimeType imageData:base64 cardLink?:CreateImageCardLink
CreateImageResponse = result:CreateImageResult imageId:long imageHash imageUrl errorMsg?
CreateProductResponse = result:CreateProductResult productNumber:long articleNumbers*:long
    changeTimestamp?:SoapMplusDateTime syncMarker?:long errorMessage
DeleteArticleGroupRequest = groupNumber:int
DeleteArticleGroupResponse = result:DeleteArticleGroupResult
DeleteProductsFromArticleGroupRequest = groupNumber:int productNumbers?:NumberList removeAll?:boolean
DeleteProductsFromArticleGroupResponse = result:DeleteProductsFromArticleGroupResult
GetArticleGroupChangesRequest = syncMarker?:long syncMarkerLimit?:int groupNumbers*:int
GetArticleGroupChangesResponse = changedArticleGroupList:ChangedArticleGroupList
GetArticleGroupsRequest = syncMarker?:long syncMarkerLimit?:int groupNumbers*:int
    retrieveArticleNumbers?:boolean
GetArticleGroupsResponse = articleGroupList:ArticleGroupList
GetCardImageLabelsRequest = cardType:CardType
GetCardImageLabelsResponse = labels*:ImageLabel
GetCardImagesRequest = cardType:CardType cardNumbers*:long
GetCardImagesResponse = items*:CardImageData
GetImagesRequest = imageIds*:long includeImageData:boolean includeThumbData:boolean
GetImagesResponse = imageList:ImageList
GetProductsRequest = articleNumbers*:long groupNumbers*:int pluNumbers:TextList onlyWebshop?:boolean
    onlyActive?:boolean syncMarker?:long syncMarkerLimit?:int syncMarkerExcludePreparationMethods?:boolean
    changedSinceTimestamp?:SoapMplusDateTime changedSinceBranchNumber?:int
    includeAllArticlesOfSelectedProducts?:boolean productNumbers*:long
GetProductsResponse = productList:ProductList
ImageCardLabelIds[labelId] = labelId*:int
ImageData = imageId:long imageHash imageUrl originalName imageWidth:int imageHeight:int
    labels:ImageCardLabelIds created:dateTime modified:dateTime
ImageLabel = id:int label singleSelection:boolean defaultSelection:boolean
NewArticleGroupRequest = parentGroupNumber:int name text sortOrder?:int imageId?:long
NewArticleGroupResponse = result:NewArticleGroupResult groupNumber:int
NumberList[number] = number*:long
PriceGroupList[priceGroup] = priceGroup*:PriceGroup
Product = productNumber?:long syncMarker?:long description? extraText? articleList?:ArticleList
    groupNumbers*:int sortOrderGroupList?:SortOrderGroupList
ProductList[product] = product*:Product
ReplaceProductsOfArticleGroupRequest = groupNumber:int productNumbers:NumberList
ReplaceProductsOfArticleGroupResponse = result:ReplaceProductsOfArticleGroupResult
SalesPriceList[salesPrice] = salesPrice*:SalesPrice
SaveCardImageData = cardNumber:long images*:SaveImageData
SaveCardImagesRequest = cardType:CardType cards*:SaveCardImageData
SaveCardImagesResponse =
SaveImageData = imageId:long labels:ImageCardLabelIds
SortOrderGroup = groupNumber:int sortOrder:int
SortOrderGroupList[sortOrderGroup] = sortOrderGroup*:SortOrderGroup
UpdateArticleGroupRequest = groupNumber:int name? text? sortOrder?:int imageId?:long parentGroupNumber?:int
UpdateArticleGroupResponse = result:UpdateArticleGroupResult
UpdateProductResponse = result:UpdateProductResult existingArticleNumbers*:long newArticleNumbers*:long
    changeTimestamp?:SoapMplusDateTime syncMarker?:long errorMessage
"""

ENUMS = """
AddProductsToArticleGroupResult = ADD-PRODUCTS-TO-ARTICLE-GROUP-RESULT-OK
    ADD-PRODUCTS-TO-ARTICLE-GROUP-RESULT-NOT-FOUND ADD-PRODUCTS-TO-ARTICLE-GROUP-RESULT-FAILED
ArticleSpecialPrice = PRICE-NORMAL PRICE-FREE PRICE-ASK-POSITIVE PRICE-ASK-NEGATIVE
    PRICE-ASK-POSITIVE-NO-POPUP PRICE-ASK-NEGATIVE-NO-POPUP PRICE-NOT-FOR-SALE PRICE-BARCODE-PRICE
    PRICE-NOT-SET PRICE-NOT-FOR-SALE-VISIBLE
CardType = EMPLOYEE PRODUCT RELATION
CreateImageResult = CREATE-IMAGE-OK CREATE-IMAGE-TOO-LARGE CREATE-IMAGE-STORAGE-ERROR
    CREATE-IMAGE-NOT-SUPPORTED
CreateProductResult = CREATE-PRODUCT-RESULT-OK CREATE-PRODUCT-RESULT-FAILED
    CREATE-PRODUCT-RESULT-FAILED-PRODUCT-NUMBER-ALREADY-TAKEN
    CREATE-PRODUCT-RESULT-FAILED-ARTICLE-NUMBER-ALREADY-TAKEN
DeleteArticleGroupResult = DELETE-ARTICLE-GROUP-RESULT-OK DELETE-ARTICLE-GROUP-RESULT-NOTFOUND
    DELETE-ARTICLE-GROUP-RESULT-FAILED
DeleteProductsFromArticleGroupResult = DELETE-PRODUCTS-FROM-ARTICLE-GROUP-RESULT-OK
    DELETE-PRODUCTS-FROM-ARTICLE-GROUP-RESULT-NOT-FOUND DELETE-PRODUCTS-FROM-ARTICLE-GROUP-RESULT-FAILED
NewArticleGroupResult = NEW-ARTICLE-GROUP-RESULT-OK NEW-ARTICLE-GROUP-RESULT-PARENT-NOTFOUND
    NEW-ARTICLE-GROUP-RESULT-FAILED
ReplaceProductsOfArticleGroupResult = REPLACE-PRODUCTS-OF-ARTICLE-GROUP-RESULT-OK
    REPLACE-PRODUCTS-OF-ARTICLE-GROUP-RESULT-NOT-FOUND REPLACE-PRODUCTS-OF-ARTICLE-GROUP-RESULT-FAILED
UpdateArticleGroupResult = SAVE-ARTICLE-GROUP-RESULT-OK SAVE-ARTICLE-GROUP-RESULT-NOT-FOUND
    SAVE-ARTICLE-GROUP-RESULT-FAILED
UpdateProductResult = UPDATE-PRODUCT-RESULT-OK UPDATE-PRODUCT-RESULT-NOT-FOUND
    UPDATE-PRODUCT-RESULT-NOT-ALLOWED UPDATE-PRODUCT-RESULT-FAILED
    UPDATE-PRODUCT-RESULT-FAILED-ARTICLE-NUMBER-ALREADY-TAKEN
"""
