"""Relations, as the vendor's description has them (specs/mplus)."""

from __future__ import annotations

OPERATIONS = {
    "getRelations": ("request:GetRelationsRequest", "GetRelationsResponse"),
    "getRelation": ("relationNumber:int", "GetRelationResponse"),
    "findRelation": ("relation:Relation", "FindRelationResponse"),
    "findRelationV2": ("request:FindRelationV2Request", "FindRelationV2Response"),
    "getRelationPoints": ("request:GetRelationPointsRequest", "GetRelationPointsResponse"),
    "createRelation": ("relation:Relation", "CreateRelationResponse"),
    "updateRelation": ("relation:Relation", "UpdateRelationResponse"),
}
"""Operation: its arguments, and the type of its answer."""

TYPES = {
    "CreateRelationResponse": "result relationNumber:int changeTimestamp:moment syncMarker:int errorMessage",
    "FindRelationResponse": "result relation:Relation",
    "FindRelationV2Request": "relation:Relation exactMatch:bool",
    "FindRelationV2Response": "result relation:Relation",
    "GetRelationPoints": "relationNumber:int points:int syncMarker:int",
    "GetRelationPointsRequest": "relationNumbers:int* syncMarker:int syncMarkerLimit:int",
    "GetRelationPointsResponse": "relationPointsLst:GetRelationPoints*",
    "GetRelationResponse": "result relation:Relation",
    "GetRelationsRequest": "relationNumbers:int* categoryId:int syncMarker:int syncMarkerLimit:int",
    "GetRelationsResponse": "relationList:Relation[relation]",
    "Relation": """
        relationNumber:int extRelationId syncMarker:int createTimestamp:moment
        changeTimestamp:moment active:bool name address zipcode city country deliveryAddress
        deliveryZipcode deliveryCity deliveryCountry contact telephone mobile email website
        birthDate:day relationCode points:int balance:cents priceGroupNumber:int
        discountPercentage:int categoryIds:int[category] cardNumber
        creditLimit:cents paymentWithinDays:int vatNumber commerceNumber extraText defaultVatMethod
        neverPrintOrEmailReceipt:bool alwaysPrintReceipt:bool alwaysEmailReceipt:bool
        customFieldList:CustomField[customField] contactList:Relation[relation] companyName
        cardNumbers:string* invoiceCredit:decimal accountBalance:decimal canEarnPoints:bool
        canRedeemPoints:bool cantRedeemPointsReason
    """,
    "UpdateRelationResponse": "result errorMessage changeTimestamp:moment syncMarker:int",
}
"""Type: its elements in the order of the wire."""
