"""Products, articles, groups, images and stock, as the vendor's description has them (specs/mplus)."""

from __future__ import annotations

OPERATIONS = {
    "getProducts": ("request:GetProductsRequest", "GetProductsResponse"),
    "createProduct": ("product:Product", "CreateProductResponse"),
    "updateProduct": ("product:Product", "UpdateProductResponse"),
    "getArticleGroups": ("request:GetArticleGroupsRequest", "GetArticleGroupsResponse"),
    "getArticleGroupChanges": ("request:GetArticleGroupChangesRequest", "GetArticleGroupChangesResponse"),
    "createImage": ("request:CreateImageRequest", "CreateImageResponse"),
    "createImageFromUrl": ("request:CreateImageFromUrlRequest", "CreateImageResponse"),
    "getStock": ("request:GetStockRequest", "GetStockResponse"),
    "getStockHistoryV2": ("request:GetStockHistoryV2Request", "GetStockHistoryResponse"),
    "updateStock": ("request:UpdateStockRequest", "UpdateStockResponse"),
    "setStock": ("request:SetStockRequest", "SetStockResponse"),
}
"""Operation: its arguments, and the type of its answer."""

TYPES = {
    "Article": """
        articleNumber:int extArticleId pluNumber syncMarker:int changeTimestamp:moment
        createTimestamp:moment active:bool description colour colourSequenceNumber:int size
        sizeSequenceNumber:int invoiceText receiptText displayText barcode barcodeDate:day
        contentUnit contentQuantity:int^contentQuantityDecimalPlaces
        contentQuantityDecimalPlaces:int brandName extraText turnoverGroup:int vatCode:int
        vatPercentage:percent vatCodeAlternative:int vatPercentageAlternative:percent
        averagePurchasePrice:cents purchasePrice:cents priceIncl:cents priceExcl:cents siUnit unit
        orderQuantityValue:int^orderQuantityDecimalPlaces orderQuantityDecimalPlaces:int
        supplierRelationNumber:int supplierRelationName supplierArticleNumber webshop:bool
        categoryIds:int[category] stockArticle:bool articleDiscountGroupNumber:int
        articleDiscountGroupName specialPrice imageList:Image[image]
        customFieldList:CustomField[customField] salesPriceList:SalesPrice[salesPrice]
        priceGroupList:PriceGroup[priceGroup]
        componentArticleList:ComponentArticle[componentArticle] barcodeList:Barcode[barcode]
        discontinued:bool stockSiUnit specialBehaviour ageCheckMinimumAge:int
    """,
    "ArticleGroup": """
        groupNumber:int syncMarker:int name text subGroupList:ArticleGroup[articleGroups]
        sortOrder:int productNumbers:int[number] image:Image articleNumbers:int[number]
        isDeleted:bool
    """,
    "ArticleStock": """
        branchNumber:int articleNumber:int changeTimestamp:moment stockId:int
        amountFree:int^decimalPlacesFree decimalPlacesFree:int
        amountReserved:int^decimalPlacesReserved decimalPlacesReserved:int
        amountIncoming:int^decimalPlacesIncoming decimalPlacesIncoming:int ownAmountFree:decimal
        ownAmountReserved:decimal ownAmountIncoming:decimal subArticle:ArticleStock*
        isDayStockArticle:bool
    """,
    "ArticleStockHistory": """
        stockId:int timestamp:moment branchNumber:int articleNumber:int
        amountChanged:int^decimalPlaces decimalPlaces:int type orderId packingSlipId invoiceId
        invoiceNumber:YearNumber invoiceBarcode receiptId receiptNumber:WorkplaceYearNumber
        receiptBarcode beforeCorrectionQuantity:int^beforeCorrectionDecimalPlaces
        beforeCorrectionDecimalPlaces:int afterCorrectionQuantity:int^afterCorrectionDecimalPlaces
        afterCorrectionDecimalPlaces:int
    """,
    "Barcode": """
        barcodeId:int description barcode barcodeDate:day quantity:int^decimalPlaces
        decimalPlaces:int contentUnit contentQuantity:int^contentQuantityDecimalPlaces
        contentQuantityDecimalPlaces:int purchasePrice:cents priceIncl:cents priceExcl:cents
        isCurrent:bool
    """,
    "ChangedArticleGroup": """
        groupNumber:int parentGroupNumber:int syncMarker:int name text subGroupNumbers:int[number]
        sortOrder:int productNumbers:int[number] image:Image isDeleted:bool
    """,
    "ComponentArticle": """
        articleNumber:int quantity:int^decimalPlaces decimalPlaces:int description invoiceText
        receiptText displayText barcode barcodeDate:day contentUnit
        contentQuantity:int^contentQuantityDecimalPlaces contentQuantityDecimalPlaces:int
        turnoverGroup:int vatCode:int vatPercentage:percent vatCodeAlternative:int
        vatPercentageAlternative:percent purchasePrice:cents priceIncl:cents priceExcl:cents
    """,
    "CreateImageCardLink": "cardType cardNumbers:int* labels:int[labelId]",
    "CreateImageFromUrlRequest": "imageName mimeType imageUrl cardLink:CreateImageCardLink",
    "CreateImageRequest": "imageName mimeType imageData cardLink:CreateImageCardLink",
    "CreateImageResponse": "result imageId:int imageHash imageUrl errorMsg",
    "CreateProductResponse": """
        result productNumber:int articleNumbers:int* changeTimestamp:moment syncMarker:int
        errorMessage
    """,
    "GetArticleGroupChangesRequest": "syncMarker:int syncMarkerLimit:int groupNumbers:int*",
    "GetArticleGroupChangesResponse": "changedArticleGroupList:ChangedArticleGroup[changedArticleGroups]",
    "GetArticleGroupsRequest": """
        syncMarker:int syncMarkerLimit:int groupNumbers:int* retrieveArticleNumbers:bool
    """,
    "GetArticleGroupsResponse": "articleGroupList:ArticleGroup[articleGroups]",
    "GetProductsRequest": """
        articleNumbers:int* groupNumbers:int* pluNumbers:Text[text] onlyWebshop:bool onlyActive:bool
        syncMarker:int syncMarkerLimit:int syncMarkerExcludePreparationMethods:bool
        includeAllArticlesOfSelectedProducts:bool productNumbers:int*
    """,
    "GetProductsResponse": "productList:Product[product]",
    "GetStockHistoryResponse": "articleStockHistory:ArticleStockHistory*",
    "GetStockHistoryV2Request": """
        branchNumbers:int* articleNumbers:int[articleNumbers] fromFinancialDateTime:moment
        throughFinancialDateTime:moment sinceStockId:int sinceStockIdLimit:int
    """,
    "GetStockRequest": """
        branchNumber:int articleNumbers:int[articleNumbers] stockId:int dayStockOnlyFilter:bool
        branchNumbers:int[branchNumber]
    """,
    "GetStockResponse": "articleStocks:ArticleStock*",
    "Image": """
        imageId:int imageName imageHash imageUrl thumbUrl imageWidth:int imageHeight:int
        createdTimestamp:moment changedTimestamp:moment
    """,
    "Product": """
        productNumber:int syncMarker:int description extraText articleList:Article[article]
        groupNumbers:int* sortOrderGroupList:SortOrderGroup[sortOrderGroup]
    """,
    "SalesPrice": """
        salesPriceNumber:int description startDate:day endDate:day priceIncl:cents priceExcl:cents
        discountPercentage:int
    """,
    "SetStockRequest": """
        branchNumber:int articleNumber:int amount:int^decimalPlaces decimalPlaces:int
        employeeNumber:int reference
    """,
    "SetStockResponse": "result stockId:int",
    "SortOrderGroup": "groupNumber:int sortOrder:int",
    "Text": "text",
    "UpdateProductResponse": """
        result existingArticleNumbers:int* newArticleNumbers:int* changeTimestamp:moment
        syncMarker:int errorMessage
    """,
    "UpdateStockRequest": """
        branchNumber:int articleNumber:int amountChanged:int^decimalPlaces decimalPlaces:int
        employeeNumber:int reference
    """,
    "UpdateStockResponse": "result stockId:int",
    "WorkplaceYearNumber": "branchNumber:int workplaceNumber:int year:int number:int",
    "YearNumber": "year:int number:int",
}
"""Type: its elements in the order of the wire."""
