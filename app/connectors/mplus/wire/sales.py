"""Orders, invoices and receipts, as the vendor's description has them (specs/mplus)."""

from __future__ import annotations

OPERATIONS = {
    "getOrders": ("request:GetOrdersRequest", "GetOrdersResponse"),
    "getOrder": ("orderId", "GetOrderResponse"),
    "findOrder": ("extOrderId", "GetOrderResponse"),
    "getOrdersByExtOrderIds": ("request:GetOrdersByExtOrderIdsRequest", "GetOrdersByExtOrderIdsResponse"),
    "createOrder": ("order:Order", "CreateOrderResponse"),
    "createOrderV2": ("request:CreateOrderV2Request", "CreateOrderV2Response"),
    "createOrderV3": ("request:CreateOrderV3Request", "CreateOrderV3Response"),
    "updateOrder": ("order:Order", "UpdateOrderResponse"),
    "updateOrderV2": ("request:UpdateOrderV2Request", "UpdateOrderV2Response"),
    "cancelOrder": ("orderId request:CancelOrderRequest", "CancelOrderResponse"),
    "payOrder": ("request:PayOrderRequest", "PayOrderResponse"),
    "payOrderV2": ("request:PayOrderV2Request", "PayOrderV2Response"),
    "deliverOrder": ("request:DeliverOrderRequest", "DeliverOrderResponse"),
    "getInvoices": ("request:GetInvoicesRequest", "GetInvoicesResponse"),
    "getInvoice": ("invoiceId", "GetInvoiceResponse"),
    "findInvoice": ("extInvoiceId", "GetInvoiceResponse"),
    "saveInvoice": ("invoice:Invoice", "SaveInvoiceResponse"),
    "payInvoice": ("request:PayInvoiceRequest", "PayInvoiceResponse"),
    "creditInvoice": ("invoiceId", "CreditInvoiceResponse"),
    "getReceipts": ("request:GetReceiptsRequest", "GetReceiptsResponse"),
    "getReceipt": ("receiptId", "GetReceiptResponse"),
}
"""Operation: its arguments, and the type of its answer."""

TYPES = {
    "Address": "addressId name contact address zipcode city country label companyName supplierInformation",
    "CancelOrderRequest": "branchNumber:int",
    "CancelOrderResponse": "result message",
    "CreateOrderInfo": "orderId orderString orderQueued:bool",
    "CreateOrderResponse": "result info:CreateOrderInfo errorMessage",
    "CreateOrderV2Request": """
        order:Order applySalesAndActions:bool applySalesPrices:bool applyPriceGroups:bool
    """,
    "CreateOrderV2Response": "result order:Order errorMessage info:CreateOrderInfo",
    "CreateOrderV3Request": """
        idempotencyKey order:Order applySalesAndActions:bool applySalesPrices:bool
        applyPriceGroups:bool prepay:bool paymentList:Payment[payment]
    """,
    "CreateOrderV3Response": """
        idempotencyResult result order:Order errorMessage info:CreateOrderInfo payResult invoiceId
    """,
    "CreditInvoiceResponse": "result message",
    "DeliverOrderRequest": "orderId turnoverType",
    "DeliverOrderResponse": "result packingSlipId invoiceId errorMessage",
    "GetInvoiceResponse": "result invoice:Invoice",
    "GetInvoicesRequest": """
        syncMarker:int syncMarkerLimit:int fromFinancialDate:day throughFinancialDate:day
        branchNumbers:int* employeeNumbers:int* relationNumbers:int* articleNumbers:int*
        articleTurnoverGroups:int* articlePluNumbers:Text[text] articleBarcodes:Text[text]
        invoiceIds:string* invoiceNumbers:YearNumber* includeLineList:bool
    """,
    "GetInvoicesResponse": "invoiceList:Invoice[invoice]",
    "GetOrderResponse": "result order:Order",
    "GetOrdersByExtOrderIdsRequest": "syncMarker:int syncMarkerLimit:int extOrderIds:string[id]",
    "GetOrdersByExtOrderIdsResponse": "orderList:Order[order]",
    "GetOrdersRequest": """
        syncMarker:int syncMarkerLimit:int fromFinancialDate:day throughFinancialDate:day
        branchNumbers:int* employeeNumbers:int* relationNumbers:int* articleNumbers:int*
        articleTurnoverGroups:int* articlePluNumbers:Text[text] articleBarcodes:Text[text]
        orderTypeList:string[orderType] orderIds:string* orderNumbers:YearNumber*
        includeLineList:bool
    """,
    "GetOrdersResponse": "orderList:Order[order]",
    "GetReceiptResponse": "result receipt:Receipt",
    "GetReceiptsRequest": """
        syncMarker:int syncMarkerLimit:int fromFinancialDate:day throughFinancialDate:day
        branchNumbers:int* employeeNumbers:int* relationNumbers:int* articleNumbers:int*
        articleTurnoverGroups:int* articlePluNumbers:Text[text] articleBarcodes:Text[text]
        includeOrderReferences:bool receiptIds:string* includeLineList:bool
    """,
    "GetReceiptsResponse": "receiptList:Receipt[receipt]",
    "Invoice": """
        invoiceId extInvoiceId orderIds:string[id] extOrderIds:string[id] transactionString
        syncMarker:int invoiceNumber:YearNumber invoiceBarcode invoiceType employeeNumber:int
        employeeName entryTimestamp:moment relationNumber:int relationName relationCategoryId:int
        relationVatNumber deliveryAddress:Address invoiceAddress:Address financialDate:day
        financialBranchNumber:int financialExtBranchId workplaceNumber:int entryBranchNumber:int
        entryExtBranchId reference dueDate:day totalInclAmount:cents totalExclAmount:cents vatMethod
        vatGroupList:VatGroup[vatGroup] changeCounter:int versionNumber:int paidAmount:cents state
        finalized:bool finalizedTimestamp:moment lineList:Line[line] paymentList:Payment[payment]
        vatChange vatCountryCode:int vatCountryIso3 creditedInvoiceId creditedReason
        orderCategoryNumber:int sessionId orderNumbers:YearNumber[yearNumber]
        packingSlipIds:string[id] packingSlipNumbers:YearNumber[yearNumber] salesCategoryNumber:int
        salesCategoryDescription invoiceReminder:int targetInvoiceReminder:int
        mailedTimestamp:moment
    """,
    "Line": """
        lineId employeeNumber:int articleNumber:int pluNumber text supplierRelationNumber:int
        supplierRelationName supplierArticleNumber data:LineData
        salePromotionData:SalePromotionLineData lineType preparationList:Line[line]
        sequenceNumber:int tempLineId lineKind
    """,
    "LineData": """
        quantity:int^decimalPlaces decimalPlaces:int deliveredQuantity:int^deliveredDecimalPlaces
        deliveredDecimalPlaces:int cancelledQuantity:int^cancelledDecimalPlaces
        cancelledDecimalPlaces:int price:cents priceExcl:cents originalPrice:cents
        originalPriceExcl:cents purchasePrice:cents averagePurchasePrice:decimal turnoverGroup:int
        turnoverGroupName turnoverGroupType turnoverGroupAccountNumber:int vatCode:int
        vatPercentage:percent siUnit discountType discountPercentage:int discountAmount:cents
        discountAmountExcl:cents bpeId bpeDescription bpeAmount:cents totalInclAmount:cents
        totalExclAmount:cents priceType
    """,
    "Order": """
        orderId extOrderId invoiceIds:string[id] extInvoiceIds:string[id] transactionString
        syncMarker:int orderType entryBranchNumber:int entryExtBranchId employeeNumber:int
        employeeName entryTimestamp:moment relationNumber:int relationName relationCategoryId:int
        relationVatNumber deliveryAddress:Address invoiceAddress:Address financialDate:day
        financialBranchNumber:int financialExtBranchId workplaceNumber:int reference
        totalInclAmount:cents totalExclAmount:cents vatMethod vatGroupList:VatGroup[vatGroup]
        deliveryMethod deliveryDate:day deliveryPeriodBegin:moment deliveryPeriodEnd:moment
        paymentMethod changeCounter:int versionNumber:int prepaidAmount:cents fullyPaid:bool
        deliveryState cancelState completeState tableNumber:int tableSubNumber:int tableDescription
        numberOfGuests:int orderNumber:YearNumber branchOrderNumber:WorkplaceYearNumber orderBarcode
        orderCategoryNumber:int orderCategoryDescription onDeliveryUrl onInvoiceUrl
        lineList:Line[line] paymentList:Payment[payment] vatChange vatCountryCode:int vatCountryIso3
        webhookSessionData:WebhookSessionData invoiceNumbers:YearNumber[yearNumber]
        packingSlipIds:string[id] packingSlipNumbers:YearNumber[yearNumber]
    """,
    "PayInvoiceRequest": "invoiceId paymentList:Payment[payment]",
    "PayInvoiceResponse": "result errorMessage",
    "PayOrderRequest": "orderId prepay:bool paymentList:Payment[payment]",
    "PayOrderResponse": "result invoiceId errorMessage",
    "PayOrderV2Request": "idempotencyKey orderId prepay:bool paymentList:Payment[payment]",
    "PayOrderV2Response": "idempotencyResult result invoiceId errorMessage",
    "Payment": """
        paymentId financialDate:day entryTimestamp:moment branchNumber:int extBranchId
        workplaceNumber:int employeeNumber:int employeeName method description amount:cents
        paymentMethodType accountNumber:int giftcardNumber externalPaymentId externalReference
    """,
    "Receipt": """
        receiptId extReceiptId orderIds:string[id] extOrderIds:string[id] transactionString
        syncMarker:int receiptNumber:WorkplaceYearNumber receiptBarcode receiptType
        employeeNumber:int employeeName entryTimestamp:moment relationNumber:int relationName
        relationCategoryId:int financialDate:day financialBranchNumber:int financialExtBranchId
        workplaceNumber:int entryBranchNumber:int entryExtBranchId reference totalInclAmount:cents
        totalExclAmount:cents vatMethod vatGroupList:VatGroup[vatGroup] changeCounter:int
        versionNumber:int paidAmount:cents state lineList:Line[line] paymentList:Payment[payment]
        vatChange numberOfGuests:int creditedReceiptId tableNumber:int tableSubNumber:int
        salesCategoryNumber:int salesCategoryDescription
    """,
    "SalePromotionLineData": "salePromotionId salePromotionLineId description setNumber:int",
    "SaveInvoiceInfo": "invoiceId invoiceString invoiceNumber:YearNumber invoiceBarcode",
    "SaveInvoiceResponse": "result info:SaveInvoiceInfo errorMessage",
    "UpdateOrderInfo": "orderId orderString orderQueued:bool",
    "UpdateOrderResponse": "result info:UpdateOrderInfo errorMessage",
    "UpdateOrderV2Request": """
        order:Order applySalesAndActions:bool applySalesPrices:bool applyPriceGroups:bool
    """,
    "UpdateOrderV2Response": "result order:Order errorMessage info:UpdateOrderInfo",
    "WebhookSessionData": "webhookSessionId",
}
"""Type: its elements in the order of the wire."""
