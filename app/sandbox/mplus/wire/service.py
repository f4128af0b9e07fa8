"""The service itself, its set-up and the webhook subscriptions: names, order and types as the vendor describes them (mplus.md §4), in the short form of schema.py."""

OPERATIONS = """
getApiVersion() -> getApiVersionResponse
getDatabaseVersion() -> getDatabaseVersionResponse
getLicenseInformation() -> GetLicenseInformationResponse
getCurrentSyncMarkers() -> getCurrentSyncMarkersResponse
getCurrentSyncMarkersV2(request:GetCurrentSyncMarkersV2Request) -> GetCurrentSyncMarkersV2Response
getConfiguration(request:GetConfigurationRequest) -> GetConfigurationResponse
getConfigurationTree(request:GetConfigurationTreeRequest) -> GetConfigurationTreeResponse
getConfigurationValues(request:GetConfigurationValuesRequest) -> GetConfigurationValuesResponse
getWebhookConsumers(request:GetWebhookConsumersRequest) -> GetWebhookConsumersResponse
getCustomFieldLists() -> GetCustomFieldListsResponse
getCardCategories() -> GetCardCategoriesResponse
getCardCategoriesV2(request:GetCardCategoriesV2Request) -> GetCardCategoriesV2Response
getBranches() -> getBranchesResponse
getBranchInformation(request:GetBranchInformationRequest) -> GetBranchInformationResponse
getAvailableTerminalList() -> getAvailableTerminalListResponse
getEmployees(request?:getEmployeesRequest) -> GetEmployeesResponse
getEmployee(employeeNumber:long) -> GetEmployeeResponse
"""

TYPES = """
Branch = branchNumber:int branchName relationNumber?:long abbreviation extBranchId? isFullSlave?:boolean
    priceGroupNumber?:int workplaces?:WorkplaceList countryCode:int countryIso3 countryName
BranchInformation = branchNumber:int branchName companyName address zipcode city countryCode:int countryName
    telephone mobile fax email website commerceNumber bankAccountNumber vatNumber termsAndConditions
    receiptPrinterLogo?:Image printLayoutHeaderLines?:any printLayoutFooterLines?:any openingHours?:any
    eoriNumber establishmentUnitNumber deliveryAddresses?:any
BranchList[branch] = branch*:Branch
CardCategory = categoryId:int name isVipGroup:boolean isSupplierGroup:boolean
CardCategoryList[cardCategory] = cardCategory*:CardCategory
CardCategoryV2 = id:int name isVipGroup?:boolean isSupplierGroup?:boolean
CardCategoryV2List[cardCategory] = cardCategory*:CardCategoryV2
Configuration = branchNumber?:int workplaceNumber?:int group? groupName? subgroup? subgroupName? key?
    keyName? explanation? defaultValue? value? mediaFileId?:long changedTimestamp?:SoapMplusDateTime
    configurationList?:ConfigurationList per:ConfigurationPer
ConfigurationGroup = configurationGroupName configurationItems*:any
    configurationSubGroups*:ConfigurationGroup
ConfigurationKeyValues = configurationKey configurationValues*:ConfigurationValue defaultValue?
    lastChangedTimestamp?:dateTime
ConfigurationList[configuration] = configuration*:Configuration
ConfigurationValue = value branchNumber?:int workplaceNumber?:int
Employee = employeeNumber?:long extEmployeeId? syncMarker?:long createTimestamp?:SoapMplusDateTime
    changeTimestamp?:SoapMplusDateTime name? username? password? birthDate?:SoapMplusDate phoneWork?
    phoneHome? phoneMobile? email? bankAccountNumber? bankName? rfid?:long extraText? active?:boolean
    categoryId?:int category? categoryIds?:CategoryIdSet personNumber? customFieldList?:CustomFieldList
EmployeeList[employee] = employee*:Employee
GetBranchInformationRequest = branchNumber:int includeImageData?:boolean includeThumbData?:boolean
GetBranchInformationResponse = result:GetBranchInformationResult branchInformation?:BranchInformation
    errorMessage?
GetCardCategoriesResponse = articleCardCategoryList?:CardCategoryList
    employeeCardCategoryList?:CardCategoryList relationCardCategoryList?:CardCategoryList
GetCardCategoriesV2Request = workplaceKey:WorkplaceIdentifier
GetCardCategoriesV2Response = articleCardCategories:CardCategoryV2List
    employeeCardCategories:CardCategoryV2List relationCardCategories:CardCategoryV2List
GetConfigurationRequest = branchNumber?:int workplaceNumber?:int group? subgroup? key?
GetConfigurationResponse = configurationList:ConfigurationList
GetConfigurationTreeRequest =
GetConfigurationTreeResponse = configurations*:ConfigurationGroup
GetConfigurationValuesRequest = branchNumber?:int workplaceNumber?:int configurationKeys*
    changedSinceTimestamp?:dateTime
GetConfigurationValuesResponse = configurationKeyValues*:ConfigurationKeyValues
GetCurrentSyncMarkersV2Request = includeArticleSyncMarker?:boolean includeArticleGroupSyncMarker?:boolean
    includeRelationSyncMarker?:boolean includeEmployeeSyncMarker?:boolean includeInvoiceSyncMarker?:boolean
    includeReceiptSyncMarker?:boolean includeOrderSyncMarker?:boolean includeProposalSyncMarker?:boolean
    includeStockId?:boolean includeTicketCounterSaleSyncMarker?:boolean
    includePurchaseOrderSyncMarker?:boolean includePurchaseDeliverySyncMarker?:boolean
    includeRelationPointsSyncMarker?:boolean includeCashDrawerBalancingSyncMarker?:boolean
    includeActivitySyncMarker?:boolean includePackingSlipSyncMarker?:boolean
    includeDayStockConfigurationSyncMarker?:boolean includePreparationMethodGroupSyncMarker?:boolean
    includeArticleAlterationsGroupsSyncMarker?:boolean
    includeArticleNutritionalCharacteristicsSyncMarker?:boolean
    includeRelationNutritionalCharacteristicsSyncMarker?:boolean includeBranchGroupSyncMarker?:boolean
GetCurrentSyncMarkersV2Response = articleSyncMarker?:long articleGroupSyncMarker?:long
    relationSyncMarker?:long employeeSyncMarker?:long invoiceSyncMarker?:long receiptSyncMarker?:long
    orderSyncMarker?:long proposalSyncMarker?:long stockId?:long ticketCounterSaleSyncMarker?:long
    purchaseOrderSyncMarker?:long purchaseDeliverySyncMarker?:long relationPointsSyncMarker?:long
    cashDrawerBalancingSyncMarker?:long activitySyncMarker?:long packingSlipSyncMarker?:long
    dayStockConfigurationSyncMarker?:long preparationMethodGroupSyncMarker?:long
    articleAlterationsGroupsSyncMarker?:long articleNutritionalCharacteristicsSyncMarker?:long
    relationNutritionalCharacteristicsSyncMarker?:long branchGroupSyncMarker?:long
GetCustomFieldListsResponse = articleCustomFieldList?:CustomFieldList
    employeeCustomFieldList?:CustomFieldList relationCustomFieldList?:CustomFieldList
GetEmployeeResponse = result:GetEmployeeResult employee?:Employee
GetEmployeesResponse = employeeList:EmployeeList
GetLicenseInformationResponse = obscuredLicenseKey? companyName? city? licensedBranches?:LicensedBranchList
GetWebhookConsumersRequest = syncMarker?:long workplace:WorkplaceIdentifier
GetWebhookConsumersResponse = webhookConsumerList:WebhookConsumerList
LicensedBranch = branchNumber:int branchName? workplaceLimit?:int isGKS?:boolean
    licensedModules?:LicensedModuleList
LicensedBranchList[licensedBranch] = licensedBranch*:LicensedBranch
LicensedModule = moduleGroup:int moduleNumber:int moduleDescription?
LicensedModuleList[licensedModule] = licensedModule*:LicensedModule
WebhookConsumer = webhookConsumerId applicationName subscriptionId endpointUrl
    authenticationType:WebhookAuthenticationType authenticationScope
    webhookConsumerEventList:WebhookConsumerEventList
    webhookConsumerTriggerPatternList:WebhookConsumerTriggerPatternList
    webhookConsumerWorkplaceList:WebhookConsumerWorkplaceList
    webhookConsumerPaymentMethodList:PaymentMethodList articleFilter*:long companyName? priority?:short
    syncMarker?:long enabled:boolean workplaceKey:WorkplaceIdentifier
WebhookConsumerEvent = eventName blocking:boolean enabled:boolean polling?:boolean
    cancelRequiresAuth?:boolean
WebhookConsumerEventList[webhookConsumerEvent] = webhookConsumerEvent*:WebhookConsumerEvent
WebhookConsumerList[webhookConsumer] = webhookConsumer*:WebhookConsumer
WebhookConsumerTriggerPattern = codeType pattern reject?:boolean
WebhookConsumerTriggerPatternList[webhookConsumerTriggerPattern] =
    webhookConsumerTriggerPattern*:WebhookConsumerTriggerPattern
WebhookConsumerWorkplace = branchNumber:int workplaceNumbers*:int
WebhookConsumerWorkplaceList[webhookConsumerWorkplace] = webhookConsumerWorkplace*:WebhookConsumerWorkplace
Workplace = workplaceNumber:int workplaceName isMobile:boolean workplaceType? isSlave?:boolean
    lastSlaveSync?:SoapMplusDateTime priceGroupNumber?:int extWorkplaceId?
WorkplaceList[workplace] = workplace*:Workplace
getApiVersionResponse = majorNumber:int minorNumber:int revisionNumber:int databaseMajorNumber?:int
    databaseMinorNumber?:int databaseRevisionNumber?:int serviceMajorNumber?:int serviceMinorNumber?:int
    serviceRevisionNumber?:int serviceBuildNumber?:int serviceDate?:SoapMplusDate
    serviceDateTime?:SoapMplusDateTime serviceProcessId?:int serviceHostname? serviceIpAddresses*
    serviceMinWorkerThreads?:int serviceMaxWorkerThreads?:int serverMajorNumber?:int serverMinorNumber?:int
    serverRevisionNumber?:int serverDate?:SoapMplusDate serverDateTime?:SoapMplusDateTime
    inDebugMode:boolean isSlaveApi?:boolean slaveApiType?:SlaveApiType slaveBranchNumber?:int
    slaveWorkplaceNumber?:int serviceVersionDisplayString?
getAvailableTerminalListResponse = return*:Terminal
getBranchesResponse = branches:BranchList
getCurrentSyncMarkersResponse = articleSyncMarker:long articleGroupSyncMarker?:long relationSyncMarker:long
    employeeSyncMarker:long invoiceSyncMarker:long receiptSyncMarker:long orderSyncMarker:long
    proposalSyncMarker?:long stockId?:long ticketCounterSaleSyncMarker?:long purchaseOrderSyncMarker?:long
    purchaseDeliverySyncMarker?:long relationPointsSyncMarker?:long cashDrawerBalancingSyncMarker?:long
    activitySyncMarker?:long packingSlipSyncMarker?:long dayStockConfigurationSyncMarker?:long
getDatabaseVersionResponse = majorNumber:int minorNumber:int revisionNumber:int serverMajorNumber?:int
    serverMinorNumber?:int serverRevisionNumber?:int serverDate?:SoapMplusDate
    serverDateTime?:SoapMplusDateTime
getEmployeesRequest = employeeNumbers*:long syncMarker?:long syncMarkerLimit?:int
"""

ENUMS = """
ConfigurationPer = CONFIGURATION-PER-GLOBAL CONFIGURATION-PER-BRANCH CONFIGURATION-PER-WORKPLACE
GetBranchInformationResult = GET-BRANCH-INFORMATION-RESULT-OK GET-BRANCH-INFORMATION-RESULT-FAILED
GetEmployeeResult = GET-EMPLOYEE-RESULT-OK GET-EMPLOYEE-RESULT-NOT-FOUND
SlaveApiType = NO-SLAVE-API BRANCH-SLAVE-API WORKPLACE-SLAVE-API
WebhookAuthenticationType = WEBHOOK-AUTHENTICATION-TYPE-TOKEN WEBHOOK-AUTHENTICATION-TYPE-CLOUD-CREDENTIALS
"""
