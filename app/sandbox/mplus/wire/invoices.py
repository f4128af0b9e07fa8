"""Invoices and receipts: names, order and types as the vendor describes them (mplus.md §4), in the short form of schema.py."""

OPERATIONS = """
getInvoices(request:GetInvoicesRequest) -> GetInvoicesResponse
getInvoice(invoiceId) -> GetInvoiceResponse
findInvoice(extInvoiceId) -> GetInvoiceResponse
saveInvoice(invoice:Invoice) -> SaveInvoiceResponse
processInvoice(request:ProcessInvoiceRequest) -> ProcessInvoiceResponse
payInvoice(request:PayInvoiceRequest) -> PayInvoiceResponse
creditInvoice(invoiceId) -> CreditInvoiceResponse
creditInvoiceV2(request:CreditInvoiceV2Request) -> CreditInvoiceV2Response
getReceipts(request:GetReceiptsRequest) -> GetReceiptsResponse
getReceipt(receiptId) -> GetReceiptResponse
getReceiptsByOrder(orderId) -> GetReceiptsByOrderResponse
"""

TYPES = """
CreditInvoiceResponse = result:CreditInvoiceResult message
CreditInvoiceV2Request = invoiceId? financialDate?:SoapMplusDate explanation?
CreditInvoiceV2Response = result?:CreditInvoiceV2Result
GetInvoiceResponse = result:GetInvoiceResult invoice?:Invoice
GetInvoicesRequest = syncMarker?:long syncMarkerLimit?:int fromFinancialDate?:SoapMplusDate
    throughFinancialDate?:SoapMplusDate branchNumbers*:int employeeNumbers*:long relationNumbers*:long
    supplierRelationNumbers*:long articleNumbers*:long articleTurnoverGroups*:int articlePluNumbers:TextList
    articleBarcodes:TextList activityId? finalizeInvoices?:boolean invoiceIds* invoiceNumbers*:YearNumber
    ownerFilter?:any branchGroupFilter?:any includeLineList?:boolean branchInvoiceNumbers?:any
    contractFrequencyFilter?:any directDebit?:boolean includeLastMailTimelineEvents?:boolean
    lastMailTimelineEventsFilter?:any includeSigningTimelineEvents?:boolean signingTimelineEventsFilter?:any
    includeDirectDebitTimelineEvents?:boolean directDebitTimelineEventsFilter?:any
    includeOtherTimelineEvents?:boolean otherTimelineEventsFilter?:any
GetInvoicesResponse = invoiceList:InvoiceList
GetReceiptResponse = result:GetReceiptResult receipt?:Receipt
GetReceiptsByOrderResponse = result:GetReceiptsByOrderResult receiptList:ReceiptList
GetReceiptsRequest = syncMarker?:long syncMarkerLimit?:int fromFinancialDate?:SoapMplusDate
    throughFinancialDate?:SoapMplusDate branchNumbers*:int employeeNumbers*:long relationNumbers*:long
    supplierRelationNumbers*:long articleNumbers*:long articleTurnoverGroups*:int articlePluNumbers:TextList
    articleBarcodes:TextList activityId? includeOrderReferences?:boolean ownerFilter?:any
    branchGroupFilter?:any receiptIds* includeLineList?:boolean includeLastMailTimelineEvents?:boolean
    lastMailTimelineEventsFilter?:any includeSigningTimelineEvents?:boolean signingTimelineEventsFilter?:any
    includeOtherTimelineEvents?:boolean otherTimelineEventsFilter?:any
GetReceiptsResponse = receiptList:ReceiptList
Invoice = invoiceId? extInvoiceId? orderIds?:IdList extOrderIds?:IdList transactionString? syncMarker?:long
    invoiceNumber?:YearNumber invoiceBarcode? invoiceType?:InvoiceType employeeNumber?:long employeeName?
    entryTimestamp?:SoapMplusDateTime relationNumber?:long relationName? relationCategoryId?:int
    relationBankAccountNumber? relationVatNumber? deliveryAddress?:Address invoiceAddress?:Address
    financialDate?:SoapMplusDate financialBranchNumber?:int financialExtBranchId? workplaceNumber?:int
    entryBranchNumber?:int entryExtBranchId? reference? activityId? dueDate?:SoapMplusDate
    totalInclAmount?:long totalExclAmount?:long vatMethod?:VatMethod vatGroupList?:VatGroupList
    changeCounter?:int versionNumber?:int paidAmount?:long state?:InvoiceState finalized?:boolean
    finalizedTimestamp?:SoapMplusDateTime lineList?:LineList paymentList?:PaymentList answerList?:any
    vatChange?:VatChange vatCountryCode?:short vatCountryIso3? costCenter? creditedInvoiceId?
    creditedReason? orderCategoryNumber?:int sessionId? orderNumbers?:YearNumberList packingSlipIds?:IdList
    packingSlipNumbers?:YearNumberList proposalIds?:IdList extProposalIds?:IdList
    proposalNumbers?:YearNumberList salesCategoryNumber?:int salesCategoryDescription?
    branchGroupNumber?:int ownerId? branchInvoiceNumber?:TransactionNumber invoiceReminder?:int
    targetInvoiceReminder?:int directDebit?:boolean mailedTimestamp?:SoapMplusDateTime timelineEvents?:any
    contractPeriod?:any
InvoiceInput = invoiceId? extInvoiceId? employeeNumber:long relationNumber:long financialDate?:date
    financialBranchNumber:int entryBranchNumber:int workplaceNumber?:int reference? dueDate?:date
    vatMethod?:VatMethod changeCounter?:int versionNumber?:int vatChange?:VatChange vatCountryCode?:short
    vatCountryIso3? lineList?:LineInputList directDebit?:boolean orderCategoryNumber?:int
InvoiceList[invoice] = invoice*:Invoice
PayInvoiceRequest = invoiceId paymentList:PaymentList
PayInvoiceResponse = result:PayInvoiceResult errorMessage
ProcessInvoiceRequest = idempotencyKey invoice:InvoiceInput processorContext:SalesProcessorContext
ProcessInvoiceResponse = idempotencyResult:IdempotencyResult invoice?:Invoice processorResult?:any
    resultCode:ProcessInvoiceResultCode
Receipt = receiptId extReceiptId? orderIds?:IdList extOrderIds?:IdList transactionString? syncMarker?:long
    receiptNumber?:WorkplaceYearNumber receiptBarcode? receiptType:ReceiptType employeeNumber:long
    employeeName entryTimestamp:SoapMplusDateTime relationNumber?:long relationName? relationCategoryId?:int
    relationBankAccountNumber? financialDate:SoapMplusDate financialBranchNumber:int financialExtBranchId?
    workplaceNumber:int entryBranchNumber?:int entryExtBranchId? reference? activityId? totalInclAmount:long
    totalExclAmount:long vatMethod:VatMethod vatGroupList?:VatGroupList changeCounter?:int
    versionNumber?:int paidAmount:long state:ReceiptState lineList?:LineList paymentList?:PaymentList
    answerList?:any vatChange?:VatChange numberOfGuests?:int creditedReceiptId? tableNumber?:int
    tableSubNumber?:int salesCategoryNumber?:int salesCategoryDescription? branchGroupNumber?:int ownerId?
    timelineEvents?:any
ReceiptList[receipt] = receipt*:Receipt
SaveInvoiceInfo = invoiceId invoiceString invoiceNumber?:YearNumber invoiceBarcode?
SaveInvoiceResponse = result:SaveInvoiceResult info:SaveInvoiceInfo errorMessage voucherIssuances?:any
    unappliedVoucherIssuances?:any
"""

ENUMS = """
CreditInvoiceResult = CREDIT-INVOICE-RESULT-OK CREDIT-INVOICE-RESULT-FAILED CREDIT-INVOICE-RESULT-NOT-FOUND
CreditInvoiceV2Result = CREDIT-INVOICE-V2-RESULT-OK CREDIT-INVOICE-V2-RESULT-FAILED
    CREDIT-INVOICE-V2-RESULT-NOT-FOUND
GetInvoiceResult = GET-INVOICE-RESULT-OK GET-INVOICE-RESULT-NOT-FOUND
GetReceiptResult = GET-RECEIPT-RESULT-OK GET-RECEIPT-RESULT-NOT-FOUND
GetReceiptsByOrderResult = GET-RECEIPTS-BY-ORDER-RESULT-OK GET-RECEIPTS-BY-ORDER-RESULT-NOT-FOUND
InvoiceState = INVOICE-STATE-OUTSTANDING INVOICE-STATE-PARTLY-PAID INVOICE-STATE-PAID INVOICE-STATE-HANDLED
    INVOICE-STATE-OUTSTANDING-CREDIT
InvoiceType = INVOICE-TYPE-INVOICE INVOICE-TYPE-DIRECT-INVOICE INVOICE-TYPE-CREDIT-INVOICE
    INVOICE-TYPE-REPEATING-INVOICE
PayInvoiceResult = PAY-INVOICE-RESULT-OK PAY-INVOICE-RESULT-FAILED PAY-INVOICE-RESULT-PAYMENT-TOO-HIGH
ProcessInvoiceResultCode = OK FAILED-SPECIFIED-INVOICE-NOT-FOUND FAILED-SPECIFIED-INVOICE-NOT-EDITABLE
    FAILED-PROCESSOR
ReceiptState = RECEIPT-STATE-OUTSTANDING RECEIPT-STATE-PARTLY-PAID RECEIPT-STATE-PAID RECEIPT-STATE-HANDLED
    RECEIPT-STATE-OUTSTANDING-CREDIT
ReceiptType = RECEIPT-TYPE-RECEIPT RECEIPT-TYPE-CREDIT-RECEIPT RECEIPT-TYPE-CASH-INFLOW
    RECEIPT-TYPE-CASH-OUTFLOW RECEIPT-TYPE-PAYMENT-METHOD-TRANSFER
SaveInvoiceResult = SAVE-INVOICE-RESULT-OK SAVE-INVOICE-RESULT-NOT-FOUND
    SAVE-INVOICE-RESULT-INVOICE-HAS-CHANGED SAVE-INVOICE-RESULT-FAILED
    SAVE-INVOICE-RESULT-EXT-INVOICE-ID-ALREADY-EXISTS
"""
