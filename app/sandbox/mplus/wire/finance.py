"""VAT, turnover groups, means of payment, price groups: names, order and types as the vendor describes them (mplus.md §4), in the short form of schema.py."""

OPERATIONS = """
getVatGroupList() -> getVatGroupListResponse
getTurnoverGroups(request:GetTurnoverGroupsRequest) -> GetTurnoverGroupsResponse
getPaymentMethods() -> GetPaymentMethodsResponse
getPaymentMethodsV2(request:GetPaymentMethodsRequest) -> GetPaymentMethodsResponse
getAvailablePaymentMethods(terminal?:Terminal) -> GetAvailablePaymentMethodsResponse
getPriceGroupList() -> getPriceGroupListResponse
getSalesPriceList() -> getSalesPriceListResponse
getCostCenters(request:GetCostCentersRequest) -> GetCostCentersResponse
getOrderCategories() -> GetOrderCategoriesResponse
getDeliveryMethods() -> GetDeliveryMethodsResponse
getDeliveryMethodsV2(request:GetDeliveryMethodsV2Request) -> GetDeliveryMethodsV2Response
"""

TYPES = """
BranchCostCenterNumber = branchNumber:int extBranchId? turnoverCostCenterNumber? purchaseCostCenterNumber?
    stockCostCenterNumber?
BranchCostCenterNumberList[branchCostCenterNumber] = branchCostCenterNumber*:BranchCostCenterNumber
CostCenter = costCenterNumber description?
CostCenterList[costCenter] = costCenter*:CostCenter
DeliveryMethod = deliveryMethod description buttonText enabled?:boolean
DeliveryMethodList[deliveryMethod] = deliveryMethod*:DeliveryMethod
GetAvailablePaymentMethodsResponse = paymentMethodList:PaymentMethodList
GetCostCentersRequest =
GetCostCentersResponse = costCenterList:CostCenterList
GetDeliveryMethodsResponse = deliveryMethodList:DeliveryMethodList
GetDeliveryMethodsV2Request = onlyEnabled?:boolean
GetDeliveryMethodsV2Response = deliveryMethodList:DeliveryMethodList
GetOrderCategoriesResponse = orderCategory*:OrderCategory
GetPaymentMethodsRequest = accountNumber?:int paymentMethodTypes*:PaymentMethodType
    includeBpeConfiguration?:boolean includeGiftcardType?:boolean
GetPaymentMethodsResponse = paymentMethodList:PaymentMethodList
GetTurnoverGroupsRequest = onlyActive?:boolean
GetTurnoverGroupsResponse = turnoverGroupList:TurnoverGroupList
OrderCategory = orderCategoryNumber:int orderCategoryDescription orderCategoryDependencyNumbers*:int
    allowCancel:boolean allowProcess:boolean
TurnoverGroup = turnoverGroupType:TurnoverGroupType turnoverGroup:int turnoverGroupName inclAmount?:long
    exclAmount?:long defaultAccountNumber?:int accountNumber?:int allowPointsDistribution?:boolean
    allowPointsPayment?:boolean allowDiscount?:boolean branchAccountNumberList?:BranchAccountNumberList
    defaultPurchaseAccountNumber?:int purchaseAccountNumber?:int defaultStockAccountNumber?:int
    stockAccountNumber?:int defaultVatCode?:int branchCostCenterNumberList?:BranchCostCenterNumberList
    defaultTurnoverCostCenterNumber? turnoverCostCenterNumber? defaultPurchaseCostCenterNumber?
    purchaseCostCenterNumber? defaultStockCostCenterNumber? stockCostCenterNumber? topupPaymentId?
    quantityPerLabel?:int
TurnoverGroupList[turnoverGroup] = turnoverGroup*:TurnoverGroup
getPriceGroupListResponse = priceGroup*:PriceGroup
getSalesPriceListResponse = salesPrice*:SalesPrice
getVatGroupListResponse = vatGroup*:VatGroup
"""

ENUMS = """
"""
