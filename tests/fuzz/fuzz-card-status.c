/*
 * The status of a card (card-protocol.md, 6.1 and 12).
 */
#include "libsmartcard/card-identity.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

static void
check_status(const TkeCardStatus *status)
{
    FUZZ_REQUIRE(status->kind == TKE_CARD_KIND_CA || status->kind == TKE_CARD_KIND_EP11);
    FUZZ_REQUIRE(status->version[0] == 1);
    FUZZ_REQUIRE(status->has_zone == (status->life_cycle != TKE_CARD_BLANK));
    FUZZ_REQUIRE(status->n_pins == (status->kind == TKE_CARD_KIND_CA ? 2u : 1u));
    FUZZ_REQUIRE(status->n_parts <= 85 && status->n_places <= 85);
    FUZZ_REQUIRE(tke_card_text_is_description(status->description));
    FUZZ_REQUIRE(tke_card_text_is_description(status->zone_description));
    FUZZ_REQUIRE(!status->has_signature_key || tke_card_text_is_name(status->admin_name));
    for (unsigned i = 0; i < status->n_pins; i++) {
        const TkePinStatus *pin = &status->pins[i];

        FUZZ_REQUIRE(pin->tries_left <= TKE_PIN_TRIES_CA);
        FUZZ_REQUIRE((pin->tries_left == 0) == (pin->state == TKE_PIN_BLOCKED));
        FUZZ_REQUIRE(tke_card_status_get_pin(status, pin->reference) == pin);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeCardStatus status = { .kind = TKE_CARD_KIND_FOREIGN };
    g_autoptr(GError) error = NULL;

    if (tke_card_status_parse(data, size, TKE_CARD_KIND_FOREIGN, &status, &error)) {
        check_status(&status);
    } else {
        FUZZ_REQUIRE(error != NULL && status.kind == TKE_CARD_KIND_FOREIGN);
    }
    return 0;
}
