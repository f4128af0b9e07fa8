import pytest

from app.connectors.mplus.catalogue import LISTS, CustomField, Option

CASES = {
    "branches": (
        "getBranchesResponse",
        "<ns:branches><ns:branch><ns:branchNumber>1</ns:branchNumber><ns:branchName>Utrecht</ns:branchName><ns:countryIso3>NLD"
        "</ns:countryIso3></ns:branch></ns:branches>",
        [Option("1", "Utrecht", "NLD")],
    ),
    "workplaces": (
        "getBranchesResponse",
        "<ns:branches><ns:branch><ns:branchNumber>2</ns:branchNumber><ns:branchName>Gent</ns:branchName><ns:workplaces><ns:workplace>"
        "<ns:workplaceNumber>3</ns:workplaceNumber><ns:workplaceName>Balie</ns:workplaceName></ns:workplace></ns:workplaces>"
        "</ns:branch></ns:branches>",
        [Option("2/3", "Balie", "Gent")],
    ),
    "vat_codes": (
        "getVatGroupListResponse",
        "".join(
            f"<ns:vatGroup><ns:branchNumber>{b}</ns:branchNumber><ns:countryIso3>NLD</ns:countryIso3><ns:vatCode>{code}</ns:vatCode>"
            f"<ns:vatPercentage>{rate}</ns:vatPercentage></ns:vatGroup>"
            for b, code, rate in ((1, 1, 2100), (2, 1, 2100), (1, 2, 900))
        ),
        [Option("1", "21 %", "NLD"), Option("2", "9 %", "NLD")],
    ),
    "turnover_groups": (
        "GetTurnoverGroupsResponse",
        "<ns:turnoverGroupList><ns:turnoverGroup><ns:turnoverGroup>5</ns:turnoverGroup><ns:turnoverGroupName>Wijn"
        "</ns:turnoverGroupName><ns:defaultAccountNumber>8000</ns:defaultAccountNumber></ns:turnoverGroup></ns:turnoverGroupList>",
        [Option("5", "Wijn", "8000")],
    ),
    "payment_methods": (
        "GetPaymentMethodsResponse",
        "<ns:paymentMethodList><ns:paymentMethod><ns:method>PIN</ns:method><ns:description>Pinnen</ns:description>"
        "<ns:type>PAYMENT-METHOD-TYPE-EFT</ns:type></ns:paymentMethod><ns:paymentMethod><ns:method>OUD</ns:method>"
        "<ns:active>false</ns:active></ns:paymentMethod></ns:paymentMethodList>",
        [Option("PIN", "Pinnen", "PAYMENT-METHOD-TYPE-EFT")],
    ),
    "delivery_methods": (
        "GetDeliveryMethodsResponse",
        "<ns:deliveryMethodList><ns:deliveryMethod><ns:deliveryMethod>AFHALEN</ns:deliveryMethod><ns:description>Afhalen"
        "</ns:description></ns:deliveryMethod><ns:deliveryMethod><ns:deliveryMethod>X</ns:deliveryMethod><ns:enabled>false"
        "</ns:enabled></ns:deliveryMethod></ns:deliveryMethodList>",
        [Option("AFHALEN", "Afhalen")],
    ),
    "order_categories": (
        "GetOrderCategoriesResponse",
        "<ns:orderCategory><ns:orderCategoryNumber>4</ns:orderCategoryNumber><ns:orderCategoryDescription>Web"
        "</ns:orderCategoryDescription></ns:orderCategory>",
        [Option("4", "Web")],
    ),
    "price_groups": (
        "getPriceGroupListResponse",
        "<ns:priceGroup><ns:priceGroupNumber>6</ns:priceGroupNumber><ns:description>Vaste klant</ns:description></ns:priceGroup>",
        [Option("6", "Vaste klant")],
    ),
    "relation_categories": (
        "GetCardCategoriesV2Response",
        "<ns:relationCardCategories><ns:cardCategory><ns:id>7</ns:id><ns:name>Nieuwsbrief</ns:name></ns:cardCategory>"
        "</ns:relationCardCategories>",
        [Option("7", "Nieuwsbrief")],
    ),
}


def test_every_list_has_its_case():
    assert CASES.keys() == LISTS.keys()


@pytest.mark.parametrize("name", CASES)
async def test_lists(client, answers, soap_answer, name):
    element, inner, options = CASES[name]
    answers(**{LISTS[name].operation: soap_answer(element, inner)})

    assert tuple(options) == await client.options(name)


async def test_custom_fields_with_the_path_that_reaches_them(client, answers, soap_answer):
    defined = "".join(
        f"<ns:customField><ns:fieldName>{name}</ns:fieldName><ns:dataType>{kind}</ns:dataType><ns:isRequired>{required}"
        "</ns:isRequired></ns:customField>"
        for name, kind, required in (
            ("nieuwsbrief", "DATA-TYPE-BOOL", "true"),
            ("Klant sinds", "DATA-TYPE-DATE", "false"),
            ("", "DATA-TYPE-INT", "false"),
            ('7" of "meer"', "DATA-TYPE-INT", "false"),
            ("maat", "DATA-TYPE-NEW", "false"),
        )
    )
    answers(
        getCustomFieldLists=soap_answer(
            "GetCustomFieldListsResponse",
            f"<ns:relationCustomFieldList>{defined}</ns:relationCustomFieldList>",
        )
    )

    expected = (
        CustomField("nieuwsbrief", "customFields.nieuwsbrief", "yes or no", required=True),
        CustomField("Klant sinds", 'customFields."Klant sinds"', "day"),
        CustomField('7" of "meer"', 'customFields."7\\" of \\"meer\\""', "whole number"),
        CustomField("maat", "customFields.maat", "text"),
    )
    assert expected == await client.custom_fields("customer")
    assert () == await client.custom_fields("product")
