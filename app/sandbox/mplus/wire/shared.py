"""What several kinds of record share: names, order and types as the vendor describes them (mplus.md §4), in the short form of schema.py."""

TYPES = """
Address = addressId? name? contact? address? zipcode? city? country? label? companyName?
    supplierInformation?
BranchAccountNumber = branchNumber:int extBranchId? accountNumber?:int purchaseAccountNumber?:int
    stockAccountNumber?:int
BranchAccountNumberList[branchAccountNumber] = branchAccountNumber*:BranchAccountNumber
CategoryIdSet[category] = category*:int
CustomField = fieldName dataType?:DataType isRequired?:boolean strValue? intValue?:long decimalPlaces?:int
    boolValue?:boolean dateValue?:SoapMplusDate dateTimeValue?:SoapMplusDateTime multiSelectInt*:int
CustomFieldList[customField] = customField*:CustomField
IdList[id] = id*
Image = imageId:long imageName imageHash imagePath imageUrl imageData:base64 imageDataResult:LoadFileResult
    thumbHash thumbPath thumbUrl thumbData:base64 thumbDataResult:LoadFileResult imageWidth:int
    imageHeight:int thumbWidth:int thumbHeight:int createdTimestamp:SoapMplusDateTime
    changedTimestamp:SoapMplusDateTime
ImageList[image] = image*:Image
Line = lineId? employeeNumber?:long articleNumber:long pluNumber? text? supplierRelationNumber?:long
    supplierRelationName? supplierArticleNumber? data?:LineData courseNumber?:int menuHash? menuDescription?
    menuAmount?:long salePromotionData?:SalePromotionLineData webhookData?:WebhookLineData
    lineType?:LineType preparationList?:LineList suppressDisposableComponent?:boolean tempId? retourReason?
    sequenceNumber?:int contractLines?:any uncondensedLines?:LineList tempLineId? subLineType?:SubLineTypeV2
    articleAlterationId?:int lineKind?:LineKind salesOrderLineId?
LineData = quantity:long decimalPlaces?:int deliveredQuantity?:long deliveredDecimalPlaces?:int
    cancelledQuantity?:long cancelledDecimalPlaces?:int price?:long priceExcl?:long originalPrice?:long
    originalPriceExcl?:long purchasePrice?:long averagePurchasePrice?:decimal exchangeRateBuyPrice?:long
    exchangeRateBuyPriceDecimalPlaces?:int exchangeRateSellPrice?:long
    exchangeRateSellPriceDecimalPlaces?:int exchangeRateMultiplier?:int turnoverGroup?:int
    turnoverGroupName? turnoverGroupType?:TurnoverGroupType turnoverGroupAccountNumber?:int
    turnoverGroupCostCenter? vatCode?:int vatPercentage?:int pricePerQuantity?:int siUnit?
    discountType?:DiscountType discountPercentage?:int discountAmount?:long discountAmountExcl?:long bpeId?
    bpeDescription? bpeAmount?:long bpeAmountExcl?:long menuId? menuLinesId? totalInclAmount?:long
    totalExclAmount?:long priceType?:PriceType purchaseAccountNumber?:int stockAccountNumber?:int
    bpeAccordationEmployeeNumber?:long redeemedVoucherIssuanceId? pendingVoucherIssuanceStartTs?:dateTime
LineDataInput = quantity:decimal price?:decimal priceExcl?:decimal originalPrice?:decimal
    purchasePrice?:decimal vatCode?:int discountType?:DiscountType discountPercentage?:decimal
    discountAmount?:decimal discountAmountExcl?:decimal bpeId? menuId? menuLinesId?
    bpeAccordationEmployeeNumber?:long redeemedVoucherIssuanceId? pendingVoucherIssuanceStartTs?:dateTime
LineInput = lineId? tempLineId? lineType?:LineType articleNumber?:long pluNumber? text? data?:LineDataInput
    preparationList?:LineInputList contractLines?:any suppressDisposableComponent?:boolean
    salePromotionData?:SalePromotionLineDataInput articleAlterationId?:int lineKind?:LineKind
LineInputList[line] = line*:LineInput
LineList[line] = line*:Line
Payment = paymentId? financialDate?:SoapMplusDate entryTimestamp?:SoapMplusDateTime branchNumber?:int
    extBranchId? workplaceNumber?:int employeeNumber?:long employeeName? method description? amount:long
    paymentMethodType?:PaymentMethodType accountNumber?:int branchAccountNumberList?:BranchAccountNumberList
    eftTransactionDetails?:any giftcardNumber? externalPaymentId? externalPaymentTransactionDetails?:any
    externalReference?
PaymentList[payment] = payment*:Payment
PaymentMethod = method description buttonText allowNegativeAmount:boolean active?:boolean
    type?:PaymentMethodType accountNumber?:int branchAccountNumberList?:BranchAccountNumberList
    depositPaymentMethod? hasExternalPaymentWebhook?:boolean bpeConfiguration?:any giftcardType?:any
PaymentMethodList[paymentMethod] = paymentMethod*:PaymentMethod
PriceGroup = priceGroupNumber:int description? priceIncl?:long priceExcl?:long discountPercentage?:int
    minimumAmount?:int
RelationArticleDiscount = relationArticleDiscountId?:long relationNumber?:long articleNumber?:long
    articleDiscountGroupNumber?:int minimumAmount?:long minimumAmountDecimalPlaces?:int
    discountPercentage?:int priceIncl?:long priceExcl?:long
RelationArticleDiscountList[relationArticleDiscount] = relationArticleDiscount*:RelationArticleDiscount
SalePromotionLineData = salePromotionId salePromotionLineId description? setNumber?:int
SalePromotionLineDataInput = salePromotionLineId setNumber?:int
SalesPrice = salesPriceNumber:int description? startDate?:SoapMplusDate endDate?:SoapMplusDate
    priceIncl?:long priceExcl?:long discountPercentage?:int minimumAmount?:int
SalesProcessorContext = scannedVoucherIssuanceCodes* dryRun?:boolean
SoapMplusDate = day:int mon:int year:int
SoapMplusDateTime = sec:int min:int hour:int day:int mon:int year:int isdst:boolean timezone:int
Terminal = branchNumber:int branchName terminalNumber:int terminalName terminalStatus:TerminalStatus
    uniqueDeviceIdentifier gksProductionNumber? hardwareIdentifier? terminalSoftwareName?
    terminalSoftwareVersion? instanceId?
Text = text
TextList[text] = text*:Text
TransactionNumber = displayString? branch:unsignedInt workplace?:unsignedInt number:YearNumber
VatGroup = branchNumber?:int extBranchId? countryCode?:short countryIso3? vatCode:int vatPercentage:long
    exclAmount?:long vatAmount?:long accountNumber?:int
VatGroupList[vatGroup] = vatGroup*:VatGroup
WebhookLineData = webhookLineId webhookConsumerId? webhookExternalDiscount?:any
WorkplaceIdentifier = branchNumber:int workplaceNumber:int
WorkplaceYearNumber = branchNumber:int workplaceNumber:int year:int number:long
YearNumber = year:int number:long
YearNumberList[yearNumber] = yearNumber*:YearNumber
"""

ENUMS = """
DataType = DATA-TYPE-STRING DATA-TYPE-INT DATA-TYPE-DECIMAL DATA-TYPE-BOOL DATA-TYPE-DATE DATA-TYPE-DATETIME
    DATA-TYPE-ARRAY DATA-TYPE-MULTISELECTINT DATA-TYPE-UNKNOWN DATA-TYPE-TEXT-ARRAY
DiscountType = DISCOUNT-TYPE-NONE DISCOUNT-TYPE-PRICE-GROUP DISCOUNT-TYPE-SALES-PRICE
    DISCOUNT-TYPE-CUSTOMER-DISCOUNT DISCOUNT-TYPE-BRANCH-PRICE DISCOUNT-TYPE-EXTERNAL-DISCOUNT
    DISCOUNT-TYPE-SALE-PROMOTION DISCOUNT-TYPE-SALE-PROMOTION-RETOUR
    DISCOUNT-TYPE-SALE-PROMOTION-FREE-ARTICLE
IdempotencyResult = IDEMPOTENCY-RESULT-ORIGINAL-RESPONSE IDEMPOTENCY-RESULT-REPLAY-RESPONSE
LineKind = LINE-KIND-DEFAULT LINE-KIND-SUBTOTAL LINE-KIND-HEADER LINE-KIND-SECONDARY-HEADER
LineType = LINE-TYPE-NONE LINE-TYPE-PREPARATION LINE-TYPE-COMPONENT
LoadFileResult = LOAD-FILE-OK LOAD-FILE-NOT-REQUESTED LOAD-FILE-NOT-FOUND LOAD-FILE-NOT-PERMITTED
    LOAD-FILE-UNKNOWN-ERROR
PaymentMethodType = PAYMENT-METHOD-TYPE-PAYMENT PAYMENT-METHOD-TYPE-EFT PAYMENT-METHOD-TYPE-SUSPENSE
    PAYMENT-METHOD-TYPE-DEPOSIT PAYMENT-METHOD-TYPE-AUTO-DEPOSIT PAYMENT-METHOD-TYPE-BPE
    PAYMENT-METHOD-TYPE-BPE-NO-STOCK PAYMENT-METHOD-TYPE-VOUCHER-BPE PAYMENT-METHOD-TYPE-VOUCHER-BOOK-BPE
PriceType = PRICE-TYPE-UNKNOWN PRICE-TYPE-ARTICLE PRICE-TYPE-SPECIAL PRICE-TYPE-POINT PRICE-TYPE-PAYMENT
    PRICE-TYPE-BRANCH PRICE-TYPE-MENU-MAIN-ARTICLE PRICE-TYPE-SUB-ADDITION PRICE-TYPE-EXCHANGE-RATE-BUY
    PRICE-TYPE-EXCHANGE-RATE-SELL PRICE-TYPE-GIFT-CARD PRICE-TYPE-SALES-PROMOTIONS-PACKAGE PRICE-TYPE-FIXED
SubLineTypeV2 = SUB-LINE-TYPE-V2-NONE SUB-LINE-TYPE-V2-PREPARATION SUB-LINE-TYPE-V2-COMPONENT
    SUB-LINE-TYPE-V2-PERSON-ARTICLE SUB-LINE-TYPE-V2-MEASUREMENT SUB-LINE-TYPE-V2-PREPARATION-COMPONENT
    SUB-LINE-TYPE-V2-ADDRESS-TEXT-LINE
TerminalStatus = TERMINAL-STATUS-AVAILABLE TERMINAL-STATUS-REGISTERED
TurnoverGroupType = TURNOVER-GROUP-TYPE-TURNOVER TURNOVER-GROUP-TYPE-PAYMENT TURNOVER-GROUP-TYPE-SUSPENSE
    TURNOVER-GROUP-TYPE-CASH-INFLOW TURNOVER-GROUP-TYPE-CASH-OUTFLOW TURNOVER-GROUP-TYPE-BALANCE-UPGRADE
    TURNOVER-GROUP-TYPE-UNKNOWN TURNOVER-GROUP-TYPE-REFUNDABLE-DEPOSIT
VatChange = VAT-CHANGE-TAKE-OUT VAT-CHANGE-EAT-HERE VAT-CHANGE-CUSTOM-TAKE-OUT VAT-CHANGE-CUSTOM-EAT-HERE
VatMethod = VAT-METHOD-INCLUSIVE VAT-METHOD-EXCLUSIVE VAT-METHOD-SHIFTED VAT-METHOD-NONE
"""
