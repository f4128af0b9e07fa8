"""Service, branches and the settings that a till holds, as the vendor's description has them (specs/mplus)."""

from __future__ import annotations

OPERATIONS = {
    "getApiVersion": ("", "getApiVersionResponse"),
    "getCurrentSyncMarkers": ("", "getCurrentSyncMarkersResponse"),
    "getBranches": ("", "getBranchesResponse"),
    "getWebhookConsumers": ("request:GetWebhookConsumersRequest", "GetWebhookConsumersResponse"),
    "getCustomFieldLists": ("", "GetCustomFieldListsResponse"),
    "getCardCategoriesV2": ("request:GetCardCategoriesV2Request", "GetCardCategoriesV2Response"),
    "getVatGroupList": ("", "getVatGroupListResponse"),
    "getTurnoverGroups": ("request:GetTurnoverGroupsRequest", "GetTurnoverGroupsResponse"),
    "getPaymentMethods": ("", "GetPaymentMethodsResponse"),
    "getDeliveryMethods": ("", "GetDeliveryMethodsResponse"),
    "getOrderCategories": ("", "GetOrderCategoriesResponse"),
    "getPriceGroupList": ("", "getPriceGroupListResponse"),
    "getEmployee": ("employeeNumber:int", "GetEmployeeResponse"),
}
"""Operation: its arguments, and the type of its answer."""

TYPES = {
    "Branch": """
        branchNumber:int branchName relationNumber:int abbreviation extBranchId isFullSlave:bool
        priceGroupNumber:int workplaces:Workplace[workplace] countryCode:int countryIso3 countryName
    """,
    "BranchAccountNumber": "branchNumber:int extBranchId accountNumber:int",
    "CardCategoryV2": "id:int name isVipGroup:bool isSupplierGroup:bool",
    "CustomField": """
        fieldName dataType isRequired:bool strValue intValue:int decimalPlaces:int boolValue:bool
        dateValue:day dateTimeValue:moment multiSelectInt:int*
    """,
    "DeliveryMethod": "deliveryMethod description buttonText enabled:bool",
    "Employee": """
        employeeNumber:int extEmployeeId syncMarker:int createTimestamp:moment
        changeTimestamp:moment name birthDate:day email extraText active:bool category
        categoryIds:int[category] customFieldList:CustomField[customField]
    """,
    "GetCardCategoriesV2Request": "workplaceKey:WorkplaceIdentifier",
    "GetCardCategoriesV2Response": """
        articleCardCategories:CardCategoryV2[cardCategory]
        relationCardCategories:CardCategoryV2[cardCategory]
    """,
    "GetCustomFieldListsResponse": """
        articleCustomFieldList:CustomField[customField]
        relationCustomFieldList:CustomField[customField]
    """,
    "GetDeliveryMethodsResponse": "deliveryMethodList:DeliveryMethod[deliveryMethod]",
    "GetEmployeeResponse": "result employee:Employee",
    "GetOrderCategoriesResponse": "orderCategory:OrderCategory*",
    "GetPaymentMethodsResponse": "paymentMethodList:PaymentMethod[paymentMethod]",
    "GetTurnoverGroupsRequest": "onlyActive:bool",
    "GetTurnoverGroupsResponse": "turnoverGroupList:TurnoverGroup[turnoverGroup]",
    "GetWebhookConsumersRequest": "syncMarker:int workplace:WorkplaceIdentifier",
    "GetWebhookConsumersResponse": "webhookConsumerList:WebhookConsumer[webhookConsumer]",
    "OrderCategory": """
        orderCategoryNumber:int orderCategoryDescription orderCategoryDependencyNumbers:int*
        allowCancel:bool allowProcess:bool
    """,
    "PaymentMethod": """
        method description buttonText allowNegativeAmount:bool active:bool type accountNumber:int
        depositPaymentMethod hasExternalPaymentWebhook:bool
    """,
    "PriceGroup": "priceGroupNumber:int description priceIncl:cents priceExcl:cents discountPercentage:int",
    "TurnoverGroup": """
        turnoverGroupType turnoverGroup:int turnoverGroupName exclAmount:cents
        defaultAccountNumber:int accountNumber:int allowDiscount:bool
        branchAccountNumberList:BranchAccountNumber[branchAccountNumber] defaultVatCode:int
    """,
    "VatGroup": """
        branchNumber:int extBranchId countryCode:int countryIso3 vatCode:int vatPercentage:percent
        exclAmount:cents vatAmount:cents accountNumber:int
    """,
    "WebhookConsumer": """
        webhookConsumerId applicationName subscriptionId endpointUrl authenticationType
        webhookConsumerEventList:WebhookConsumerEvent[webhookConsumerEvent] companyName priority:int
        syncMarker:int enabled:bool workplaceKey:WorkplaceIdentifier
    """,
    "WebhookConsumerEvent": "eventName blocking:bool enabled:bool polling:bool cancelRequiresAuth:bool",
    "Workplace": """
        workplaceNumber:int workplaceName isMobile:bool workplaceType isSlave:bool
        priceGroupNumber:int extWorkplaceId
    """,
    "WorkplaceIdentifier": "branchNumber:int workplaceNumber:int",
    "getApiVersionResponse": """
        majorNumber:int minorNumber:int revisionNumber:int databaseMajorNumber:int
        databaseMinorNumber:int databaseRevisionNumber:int serviceMajorNumber:int
        serviceMinorNumber:int serviceRevisionNumber:int serviceBuildNumber:int serviceDate:day
        serviceDateTime:moment serviceHostname serverMajorNumber:int serverMinorNumber:int
        serverRevisionNumber:int serverDate:day serverDateTime:moment inDebugMode:bool
        isSlaveApi:bool slaveApiType slaveBranchNumber:int slaveWorkplaceNumber:int
        serviceVersionDisplayString
    """,
    "getBranchesResponse": "branches:Branch[branch]",
    "getCurrentSyncMarkersResponse": """
        articleSyncMarker:int articleGroupSyncMarker:int relationSyncMarker:int
        invoiceSyncMarker:int receiptSyncMarker:int orderSyncMarker:int stockId:int
        relationPointsSyncMarker:int packingSlipSyncMarker:int
    """,
    "getPriceGroupListResponse": "priceGroup:PriceGroup*",
    "getVatGroupListResponse": "vatGroup:VatGroup*",
}
"""Type: its elements in the order of the wire."""
