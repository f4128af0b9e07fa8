"""Orders and packing slips: names, order and types as the vendor describes them (mplus.md §4), in the short form of schema.py."""

OPERATIONS = """
getOrders(request:GetOrdersRequest) -> GetOrdersResponse
getOrder(orderId) -> GetOrderResponse
findOrder(extOrderId) -> GetOrderResponse
getOrdersByExtOrderIds(request:GetOrdersByExtOrderIdsRequest) -> GetOrdersByExtOrderIdsResponse
createOrder(order?:Order) -> CreateOrderResponse
createOrderV2(request:CreateOrderV2Request) -> CreateOrderV2Response
createOrderV3(request:CreateOrderV3Request) -> CreateOrderV3Response
updateOrder(order?:Order) -> UpdateOrderResponse
updateOrderV2(request:UpdateOrderV2Request) -> UpdateOrderV2Response
saveOrder(order?:Order) -> SaveOrderResponse
processOrder(request:ProcessOrderRequest) -> ProcessOrderResponse
cancelOrder(orderId request?:CancelOrderRequest) -> CancelOrderResponse
cancelOrderV2(request:CancelOrderV2Request) -> CancelOrderResponse
payOrder(request:PayOrderRequest) -> PayOrderResponse
payOrderV2(request:PayOrderV2Request) -> PayOrderV2Response
deliverOrder(request:DeliverOrderRequest) -> DeliverOrderResponse
deliverOrderV2(request:DeliverOrderV2Request) -> DeliverOrderV2Response
getPackingSlips(request:GetPackingSlipsRequest) -> GetPackingSlipsResponse
getPackingSlipsByOrder(request:GetPackingSlipsByOrderRequest) -> GetPackingSlipsByOrderResponse
cancelPackingSlip(request:CancelPackingSlipRequest) -> CancelPackingSlipResponse
createInvoiceFromPackingSlips(request:CreateInvoiceFromPackingSlipsRequest) -> CreateInvoiceFromPackingSlipsResponse
"""

TYPES = """
CancelOrderRequest = branchNumber?:int
CancelOrderResponse = result:CancelOrderResult message
CancelOrderV2Request = workplace:WorkplaceIdentifier employee:EmployeeIdentifier orderId
CancelPackingSlipRequest = idempotencyKey packingSlipId workplaceKey:WorkplaceIdentifier
CancelPackingSlipResponse = idempotencyResult:IdempotencyResult resultCode:CancelPackingSlipResult
CreateInvoiceFromPackingSlipsRequest = idempotencyKey packingSlipIds* financialDate:date branchNumber:int
    forcedActivityId?
CreateInvoiceFromPackingSlipsResponse = idempotencyResult:IdempotencyResult
    result:CreateInvoiceFromPackingSlipsResponseResult invoiceId? voucherIssuances?:any
    unappliedVoucherIssuances?:any
CreateOrderInfo = orderId orderString orderQueued?:boolean
CreateOrderResponse = result:CreateOrderResult info:CreateOrderInfo errorMessage
CreateOrderV2Request = order:Order applySalesAndActions?:boolean applySalesPrices?:boolean
    applyPriceGroups?:boolean scannedVoucherIssuanceCodes*
CreateOrderV2Response = result:CreateOrderResult order?:Order errorMessage? info:CreateOrderInfo
CreateOrderV3Request = idempotencyKey order:Order applySalesAndActions?:boolean applySalesPrices?:boolean
    applyPriceGroups?:boolean scannedVoucherIssuanceCodes* prepay?:boolean paymentList?:PaymentList
CreateOrderV3Response = idempotencyResult:IdempotencyResult result:CreateOrderResult order?:Order
    errorMessage? info:CreateOrderInfo payResult?:PayOrderResult invoiceId? voucherIssuances?:any
    unappliedVoucherIssuances?:any
DeliverOrderRequest = orderId turnoverType?:DeliverOrderTurnoverType
DeliverOrderResponse = result:DeliverOrderResult packingSlipId? invoiceId? errorMessage
    voucherIssuances?:any unappliedVoucherIssuances?:any
DeliverOrderV2Request = orderDelivery:OrderDelivery
DeliverOrderV2Response = result:DeliverOrderV2Result packingSlipId? invoiceId? errorMessage?
    voucherIssuances?:any unappliedVoucherIssuances?:any
EmployeeIdentifier = employeeNumber:long
GetOrderResponse = result:GetOrderResult order?:Order
GetOrdersByExtOrderIdsRequest = syncMarker?:long syncMarkerLimit?:int extOrderIds?:IdList
GetOrdersByExtOrderIdsResponse = orderList:OrderList
GetOrdersRequest = syncMarker?:long syncMarkerLimit?:int fromFinancialDate?:SoapMplusDate
    throughFinancialDate?:SoapMplusDate branchNumbers*:int employeeNumbers*:long relationNumbers*:long
    supplierRelationNumbers*:long articleNumbers*:long articleTurnoverGroups*:int articlePluNumbers:TextList
    articleBarcodes:TextList activityId? orderTypeList?:OrderTypeList orderIds* orderNumbers*:YearNumber
    ownerFilter?:any branchGroupFilter?:any includeLineList?:boolean contractFrequencyFilter?:any
    includeLastMailTimelineEvents?:boolean lastMailTimelineEventsFilter?:any
    includeSigningTimelineEvents?:boolean signingTimelineEventsFilter?:any
    includeOtherTimelineEvents?:boolean otherTimelineEventsFilter?:any
GetOrdersResponse = orderList:OrderList
GetPackingSlipsByOrderRequest = orderId
GetPackingSlipsByOrderResponse = packingSlipList:PackingSlipList
GetPackingSlipsRequest = syncMarker?:long syncMarkerLimit?:int fromFinancialDate?:SoapMplusDate
    throughFinancialDate?:SoapMplusDate branchNumbers*:int employeeNumbers*:long relationNumbers*:long
    supplierRelationNumbers*:long articleNumbers*:long articleTurnoverGroups*:int
    articlePluNumbers?:TextList articleBarcodes?:TextList activityId? packingSlipIds*
    packingSlipNumbers*:YearNumber ownerFilter?:any branchGroupFilter?:any includeLineList?:boolean
    typeFilter*:PackingSlipType
GetPackingSlipsResponse = packingSlipList:PackingSlipList
Order = orderId extOrderId? invoiceIds?:IdList extInvoiceIds?:IdList transactionString? syncMarker?:long
    orderType?:OrderType entryBranchNumber?:int entryExtBranchId? employeeNumber?:long employeeName?
    entryTimestamp?:SoapMplusDateTime relationNumber?:long relationName? relationCategoryId?:int
    relationBankAccountNumber? relationVatNumber? deliveryAddress?:Address invoiceAddress?:Address
    financialDate?:SoapMplusDate financialBranchNumber?:int financialExtBranchId? workplaceNumber?:int
    reference? activityId? totalInclAmount?:long totalExclAmount?:long vatMethod?:VatMethod
    vatGroupList?:VatGroupList deliveryMethod? deliveryDate?:SoapMplusDate
    deliveryPeriodBegin?:SoapMplusDateTime deliveryPeriodEnd?:SoapMplusDateTime paymentMethod?
    changeCounter?:int versionNumber?:int prepaidAmount?:long fullyPaid?:boolean
    deliveryState?:OrderDeliveryState cancelState?:OrderCancelState completeState?:OrderCompleteState
    tableNumber?:int tableSubNumber?:int tableDescription? numberOfGuests?:int orderNumber?:YearNumber
    branchOrderNumber?:WorkplaceYearNumber orderBarcode? orderCategoryNumber?:int orderCategoryDescription?
    onDeliveryUrl? onInvoiceUrl? lineList?:LineList paymentList?:PaymentList vatChange?:VatChange
    vatCountryCode?:short vatCountryIso3? webhookSessionData?:WebhookSessionData
    cateringOrderNumber?:YearNumber invoiceNumbers?:YearNumberList packingSlipIds?:IdList
    packingSlipNumbers?:YearNumberList proposalId? extProposalId? proposalNumber?:YearNumber
    branchGroupNumber?:int ownerId? branchInvoiceNumbers?:any timelineEvents?:any contractPeriod?:any
OrderDelivery = orderId lineList:OrderDeliveryLineList turnoverType?:DeliverOrderTurnoverType
OrderDeliveryLine = lineId quantity:long decimalPlaces?:int
OrderDeliveryLineList[line] = line*:OrderDeliveryLine
OrderInput = orderId? extOrderId? orderType?:OrderType employeeNumber:long relationNumber:long
    financialDate?:date deliveryAddress?:Address invoiceAddress?:Address financialBranchNumber:int
    entryBranchNumber:int workplaceNumber?:int reference? vatMethod?:VatMethod deliveryMethod?
    deliveryDate?:SoapMplusDate deliveryPeriodBegin?:SoapMplusDateTime deliveryPeriodEnd?:SoapMplusDateTime
    changeCounter?:int versionNumber?:int orderCategoryNumber?:int onDeliveryUrl? onInvoiceUrl?
    lineList?:LineInputList vatChange?:VatChange vatCountryCode?:short vatCountryIso3?
OrderList[order] = order*:Order
OrderTypeList[orderType] = orderType*:OrderType
PackingSlip = packingSlipId packingSlipNumber?:YearNumber packingSlipBarcode? orderId? extOrderId?
    orderNumber?:YearNumber orderBarcode? invoiceId? extInvoiceId? invoiceNumber?:YearNumber invoiceBarcode?
    transactionString? syncMarker?:long employeeNumber?:long employeeName? entryTimestamp?:SoapMplusDateTime
    relationNumber?:long relationName? relationCategoryId?:int relationBankAccountNumber? relationVatNumber?
    deliveryAddress?:Address invoiceAddress?:Address financialDate?:SoapMplusDate financialBranchNumber?:int
    financialExtBranchId? workplaceNumber?:int entryBranchNumber?:int entryExtBranchId? reference?
    activityId? totalInclAmount?:long totalExclAmount?:long changeCounter?:int state?:PackingSlipState
    onInvoiceUrl? lineList?:LineList costCenter? orderCategoryNumber?:int packingSlipType?:PackingSlipType
    vatMethod?:VatMethod sessionId? proposalId? extProposalId? proposalNumber?:YearNumber
    branchGroupNumber?:int ownerId? branchInvoiceNumber?:TransactionNumber
PackingSlipList[packingSlip] = packingSlip*:PackingSlip
PayOrderRequest = orderId prepay:boolean paymentList:PaymentList
PayOrderResponse = result:PayOrderResult invoiceId? errorMessage voucherIssuances?:any
    unappliedVoucherIssuances?:any
PayOrderV2Request = idempotencyKey orderId prepay:boolean paymentList:PaymentList
PayOrderV2Response = idempotencyResult:IdempotencyResult result:PayOrderResult invoiceId? errorMessage
    voucherIssuances?:any unappliedVoucherIssuances?:any
ProcessOrderRequest = idempotencyKey order:OrderInput processorContext:SalesProcessorContext
ProcessOrderResponse = idempotencyResult:IdempotencyResult order?:Order queuedOrderId? processorResult?:any
    resultCode:ProcessOrderResultCode
SaveOrderInfo = orderId orderString orderQueued?:boolean
SaveOrderResponse = result:SaveOrderResult info:SaveOrderInfo errorMessage
UpdateOrderInfo = orderId orderString orderQueued?:boolean
UpdateOrderResponse = result:UpdateOrderResult info:UpdateOrderInfo errorMessage
UpdateOrderV2Request = order:Order applySalesAndActions?:boolean applySalesPrices?:boolean
    applyPriceGroups?:boolean
UpdateOrderV2Response = result:UpdateOrderResult order?:Order errorMessage? info:UpdateOrderInfo
WebhookSessionData = webhookSessionId
"""

ENUMS = """
CancelOrderResult = CANCEL-ORDER-RESULT-OK CANCEL-ORDER-RESULT-FAILED CANCEL-ORDER-RESULT-NOT-FOUND
    CANCEL-ORDER-RESULT-PENDING CANCEL-ORDER-RESULT-ALREADY-CANCELLED CANCEL-ORDER-RESULT-UNDO-CANCEL-OK
CancelPackingSlipResult = OK-CANCELLED OK-CANCEL-QUEUED OK-UNCANCELLED OK-UNCANCEL-QUEUED
    FAILED-SPECIFIED-PACKING-SLIP-NOT-FOUND FAILED-SPECIFIED-PACKING-SLIP-NOT-CANCELABLE
    FAILED-SPECIFIED-PACKING-SLIP-NOT-UNCANCELABLE FAILED-WORKPLACE-SLAVES-NOT-ALLOWED
CreateInvoiceFromPackingSlipsResponseResult = CREATE-INVOICE-FROM-PACKING-SLIPS-OK
    CREATE-INVOICE-FROM-PACKING-SLIPS-CANT-COMBINE-PACKING-SLIPS
    CREATE-INVOICE-FROM-PACKING-SLIPS-ISSUANCE-SETTLED-WITH-RELATION-POINTS
    CREATE-INVOICE-FROM-PACKING-SLIPS-RELATION-CREDIT-LIMIT-REACHED
    CREATE-INVOICE-FROM-PACKING-SLIPS-ALREADY-INVOICED
    CREATE-INVOICE-FROM-PACKING-SLIPS-PACKING-SLIPS-DIFFERENT-ACTIVITIES
CreateOrderResult = CREATE-ORDER-RESULT-OK CREATE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS
    CREATE-ORDER-RESULT-FAILED CREATE-ORDER-RESULT-PAYMENT-FAILED
DeliverOrderResult = DELIVER-ORDER-RESULT-OK DELIVER-ORDER-RESULT-ALREADY-DELIVERED
    DELIVER-ORDER-RESULT-FAILED
DeliverOrderTurnoverType = DELIVER-ORDER-TURNOVER-TYPE-INVOICE DELIVER-ORDER-TURNOVER-TYPE-RECEIPT
DeliverOrderV2Result = DELIVER-ORDER-V2-RESULT-OK DELIVER-ORDER-V2-RESULT-ALREADY-DELIVERED
    DELIVER-ORDER-V2-RESULT-FAILED
GetOrderResult = GET-ORDER-RESULT-OK GET-ORDER-RESULT-NOT-FOUND
OrderCancelState = ORDER-CANCEL-STATE-NOTHING ORDER-CANCEL-STATE-PARTIAL ORDER-CANCEL-STATE-COMPLETE
OrderCompleteState = ORDER-COMPLETE-STATE-NOTHING ORDER-COMPLETE-STATE-PARTIAL
    ORDER-COMPLETE-STATE-PARTIAL-DELIVERY-PENDING ORDER-COMPLETE-STATE-COMPLETE
OrderDeliveryState = ORDER-DELIVERY-STATE-NOTHING ORDER-DELIVERY-STATE-PARTIAL ORDER-DELIVERY-STATE-COMPLETE
OrderType = ORDER-TYPE-SALES-ORDER ORDER-TYPE-REPEAT-SALES-ORDER ORDER-TYPE-EXTERNAL-SALES-ORDER
    ORDER-TYPE-TABLE-ORDER ORDER-TYPE-CAFETERIA-ORDER
PackingSlipState = PACKING-SLIP-STATE-OPEN PACKING-SLIP-STATE-INVOICED PACKING-SLIP-STATE-CANCELLED
PackingSlipType = PACKING-SLIP-TYPE-UNKNOWN PACKING-SLIP-TYPE-FROM-INVOICE PACKING-SLIP-TYPE-PACKING-SLIP
    PACKING-SLIP-TYPE-CASH-REGISTER
PayOrderResult = PAY-ORDER-RESULT-OK PAY-ORDER-RESULT-FAILED PAY-ORDER-RESULT-ORDER-HAS-CHANGED
    PAY-ORDER-RESULT-PAYMENT-INSUFFICIENT PAY-ORDER-RESULT-ORDER-ALREADY-INVOICED
ProcessOrderResultCode = OK OK-ORDER-QUEUED FAILED-SPECIFIED-ORDER-NOT-FOUND
    FAILED-SPECIFIED-ORDER-NOT-EDITABLE FAILED-BRANCH-ORDER-CANT-BE-EDITED FAILED-PROCESSOR
SaveOrderResult = SAVE-ORDER-RESULT-OK SAVE-ORDER-RESULT-NOT-FOUND SAVE-ORDER-RESULT-ORDER-HAS-CHANGED
    SAVE-ORDER-RESULT-NO-CHANGES SAVE-ORDER-RESULT-FAILED SAVE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS
UpdateOrderResult = UPDATE-ORDER-RESULT-OK UPDATE-ORDER-RESULT-NOT-FOUND
    UPDATE-ORDER-RESULT-ORDER-HAS-CHANGED UPDATE-ORDER-RESULT-NO-CHANGES UPDATE-ORDER-RESULT-FAILED
"""
