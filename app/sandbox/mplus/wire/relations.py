"""Relations and their points: names, order and types as the vendor describes them (mplus.md §4), in the short form of schema.py."""

OPERATIONS = """
getRelations(request?:GetRelationsRequest) -> GetRelationsResponse
getRelation(relationNumber:long) -> GetRelationResponse
findRelation(relation?:Relation) -> FindRelationResponse
findRelationV2(request:FindRelationV2Request) -> FindRelationV2Response
createRelation(relation?:Relation) -> CreateRelationResponse
updateRelation(relation?:Relation) -> UpdateRelationResponse
getRelationPoints(request:GetRelationPointsRequest) -> GetRelationPointsResponse
adjustPoints(request:AdjustPointsRequest) -> AdjustPointsResponse
"""

TYPES = """
AdjustPointsRequest = relationNumber:long pointsAdjustment:int mode?:AdjustPointsMode
AdjustPointsResponse = result:AdjustPointsResult relation?:Relation
CreateRelationResponse = result:CreateRelationResult relationNumber:long changeTimestamp?:SoapMplusDateTime
    syncMarker?:long errorMessage
FindRelationResponse = result:FindRelationResult relation?:Relation
FindRelationV2Request = relation:Relation exactMatch?:boolean
FindRelationV2Response = result:FindRelationResult relation?:Relation
GetRelationPoints = relationNumber:long points:int syncMarker:long
GetRelationPointsRequest = relationNumbers*:long syncMarker?:long syncMarkerLimit?:int
GetRelationPointsResponse = relationPointsLst*:GetRelationPoints
GetRelationResponse = result:GetRelationResult relation:Relation
GetRelationsRequest = relationNumbers*:long categoryId?:int syncMarker?:long syncMarkerLimit?:int
GetRelationsResponse = relationList:RelationList
Relation = relationNumber?:long extRelationId? syncMarker?:long createTimestamp?:SoapMplusDateTime
    changeTimestamp?:SoapMplusDateTime active?:boolean name? address? zipcode? city? country?
    deliveryAddress? deliveryZipcode? deliveryCity? deliveryCountry? contact? telephone? mobile? email?
    website? birthDate?:SoapMplusDate relationCode? points?:int balance?:long priceGroupNumber?:int
    discountPercentage?:int categoryId?:int categoryIds?:CategoryIdSet cardNumber? bankAccountNumber?
    creditLimit?:long paymentWithinDays?:int vatNumber? commerceNumber? extraText?
    defaultVatMethod?:VatMethod neverPrintOrEmailReceipt?:boolean alwaysPrintReceipt?:boolean
    alwaysPrintLargeFormatReceipt?:boolean alwaysEmailReceipt?:boolean condenseCombinedInvoice?:boolean
    imageList?:ImageList customFieldList?:CustomFieldList contactList?:RelationList
    relationArticleDiscountList?:RelationArticleDiscountList companyName? branchesNonPurchasable*:int
    cardNumbers* invoiceCredit?:decimal accountBalance?:decimal salePromotionIds?:IdList
    directDebit?:boolean reminderEmail? canEarnPoints?:boolean canRedeemPoints?:boolean
    cantRedeemPointsReason?
RelationList[relation] = relation*:Relation
UpdateRelationResponse = result:UpdateRelationResult errorMessage changeTimestamp?:SoapMplusDateTime
    syncMarker?:long
"""

ENUMS = """
AdjustPointsMode = ADJUST-POINTS-MODE-RELATIVE ADJUST-POINTS-MODE-ABSOLUTE
AdjustPointsResult = ADJUST-POINTS-RESULT-OK ADJUST-POINTS-FAILED-RELATION-NOT-FOUND
    ADJUST-POINTS-FAILED-NO-DIFFERENCE ADJUST-POINTS-FAILED
CreateRelationResult = CREATE-RELATION-RESULT-OK CREATE-RELATION-RESULT-FAILED
    CREATE-RELATION-RESULT-FAILED-RELATION-NUMBER-ALREADY-TAKEN
FindRelationResult = FIND-RELATION-RESULT-OK FIND-RELATION-RESULT-NOT-FOUND
GetRelationResult = GET-RELATION-RESULT-OK GET-RELATION-RESULT-NOT-FOUND
UpdateRelationResult = UPDATE-RELATION-RESULT-OK UPDATE-RELATION-RESULT-NOT-FOUND
    UPDATE-RELATION-RESULT-FAILED
"""
