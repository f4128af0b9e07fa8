"""Stock, its history and its corrections: names, order and types as the vendor describes them (mplus.md §4), in the short form of schema.py."""

OPERATIONS = """
getStock(request:GetStockRequest) -> GetStockResponse
getStockHistory(request:GetStockHistoryRequest) -> GetStockHistoryResponse
getStockHistoryV2(request:GetStockHistoryV2Request) -> GetStockHistoryResponse
updateStock(request:UpdateStockRequest) -> UpdateStockResponse
setStock(request:SetStockRequest) -> SetStockResponse
saveStockCorrections(request:SaveStockCorrectionsRequest) -> SaveStockCorrectionsResponse
"""

TYPES = """
ArticleNumberList[articleNumbers] = articleNumbers*:long
ArticleStock = branchNumber?:int articleNumber:long changeTimestamp?:SoapMplusDateTime stockId:long
    amountFree:long decimalPlacesFree?:int amountReserved:long decimalPlacesReserved?:int
    amountIncoming:long decimalPlacesIncoming?:int ownAmountFree?:decimal ownAmountReserved?:decimal
    ownAmountIncoming?:decimal subArticle*:ArticleStock isDayStockArticle:boolean
ArticleStockHistory = stockId:long timestamp:SoapMplusDateTime branchNumber?:int articleNumber:long
    amountChanged:long decimalPlaces?:int type:StockHistoryType orderId? packingSlipId? invoiceId?
    invoiceNumber?:YearNumber invoiceBarcode? receiptId? receiptNumber?:WorkplaceYearNumber receiptBarcode?
    correctionNumber?:YearNumber beforeCorrectionQuantity?:long beforeCorrectionDecimalPlaces?:int
    afterCorrectionQuantity?:long afterCorrectionDecimalPlaces?:int deliveryNumber?:YearNumber
    internalShipmentNumber?:YearNumber internalDeliveryNumber?:YearNumberPart
    branchInvoiceNumber?:TransactionNumber
BranchNumberList[branchNumber] = branchNumber*:int
GetStockHistoryRequest = branchNumber:int articleNumbers?:ArticleNumberList
    fromFinancialDateTime?:SoapMplusDateTime throughFinancialDateTime?:SoapMplusDateTime sinceStockId?:long
    sinceStockIdLimit?:int
GetStockHistoryResponse = articleStockHistory*:ArticleStockHistory
GetStockHistoryV2Request = branchNumbers*:int articleNumbers?:ArticleNumberList
    fromFinancialDateTime?:SoapMplusDateTime throughFinancialDateTime?:SoapMplusDateTime sinceStockId?:long
    sinceStockIdLimit?:int
GetStockRequest = branchNumber:int articleNumbers:ArticleNumberList stockId?:long
    dayStockOnlyFilter?:boolean branchNumbers?:BranchNumberList
GetStockResponse = articleStocks*:ArticleStock
SaveStockCorrectionsRequest = branchNumber:int employeeNumber:long reference
    stockCorrectionList:StockCorrectionList correctionType?:StockCorrectionType
    correctionMode?:StockCorrectionMode reason? plannedCycleCountId?
SaveStockCorrectionsResponse = result:SaveStockCorrectionsResult stockId?:long failedArticleNumber?:long
SetStockRequest = branchNumber:int articleNumber:long amount:long decimalPlaces?:int employeeNumber?:long
    reference?
SetStockResponse = result:SetStockResult stockId?:long
StockCorrection = articleNumber:long amount:long decimalPlaces?:int
StockCorrectionList[correction] = correction*:StockCorrection
UpdateStockRequest = branchNumber:int articleNumber:long amountChanged:long decimalPlaces?:int
    employeeNumber?:long reference?
UpdateStockResponse = result:UpdateStockResult stockId?:long
YearNumberPart = year:int number:long part:int
"""

ENUMS = """
SaveStockCorrectionsResult = SAVE-STOCK-CORRECTIONS-RESULT-OK SAVE-STOCK-CORRECTIONS-RESULT-BRANCH-NOT-FOUND
    SAVE-STOCK-CORRECTIONS-RESULT-ARTICLE-NOT-FOUND SAVE-STOCK-CORRECTIONS-RESULT-NO-STOCK-ARTICLE
    SAVE-STOCK-CORRECTIONS-RESULT-NO-CORRECTIONS SAVE-STOCK-CORRECTIONS-RESULT-DUPLICATE-ARTICLE
    SAVE-STOCK-CORRECTIONS-RESULT-INVALID-PLANNED-CYCLE-COUNT-ID SAVE-STOCK-CORRECTIONS-RESULT-FAILED
SetStockResult = SET-STOCK-RESULT-OK SET-STOCK-RESULT-BRANCH-NOT-FOUND SET-STOCK-RESULT-ARTICLE-NOT-FOUND
    SET-STOCK-RESULT-NO-STOCK-ARTICLE SET-STOCK-RESULT-FAILED
StockCorrectionMode = STOCK-CORRECTION-MODE-ABSOLUTE STOCK-CORRECTION-MODE-RELATIVE
StockCorrectionType = CORRECTION-TYPE-COUNT CORRECTION-TYPE-WRITE-OFF
StockHistoryType = STOCK-HISTORY-TYPE-API STOCK-HISTORY-TYPE-CORRECTION STOCK-HISTORY-TYPE-DELIVERY
    STOCK-HISTORY-TYPE-INTERNAL-DELIVERY STOCK-HISTORY-TYPE-INTERNAL-SHIPMENT STOCK-HISTORY-TYPE-MANUAL
    STOCK-HISTORY-TYPE-SALES STOCK-HISTORY-TYPE-UNKNOWN
UpdateStockResult = UPDATE-STOCK-RESULT-OK UPDATE-STOCK-RESULT-BRANCH-NOT-FOUND
    UPDATE-STOCK-RESULT-ARTICLE-NOT-FOUND UPDATE-STOCK-RESULT-NO-STOCK-ARTICLE UPDATE-STOCK-RESULT-FAILED
"""
