/*
 * A hostile card: responses of one byte of length and so many bytes each, to selecting and to a
 * command whose answer is collected (card-protocol.md, 2 and 12).
 */
#include <string.h>

#include "common/byte-cursor.h"
#include "libsmartcard/card-evidence.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card.h"
#include "libsmartcard/ep11-card-signer.h"
#include "libsmartcard/zone-certificate.h"
#include "tests/fuzz/fuzz.h"

typedef struct Connection {
    TkeCardConnection base;
    TkeByteCursor script;
} Connection;

static bool
exchange(TkeCardConnection *base, G_GNUC_UNUSED const uint8_t *command, G_GNUC_UNUSED size_t len,
         uint8_t *response, size_t size, size_t *response_len, GError **error)
{
    Connection *connection = (Connection *) base;
    uint8_t n = 0;

    if (!tke_byte_cursor_u8(&connection->script, &n) || n > size ||
        !tke_byte_cursor_copy(&connection->script, response, n)) {
        g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED, "the script is over");
        return false;
    }
    *response_len = n;
    return true;
}

static bool
begin(G_GNUC_UNUSED TkeCardConnection *base, G_GNUC_UNUSED GError **error)
{
    return true;
}

static void
nothing(G_GNUC_UNUSED TkeCardConnection *base)
{
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const TkeCardConnectionOps ops = {
        .exchange = exchange, .begin = begin, .end = nothing, .close = nothing
    };
    Connection connection = { .base = { .ops = &ops, .extended_length = true },
                              .script = tke_byte_cursor(data, size) };
    g_autoptr(TkeCard) card = tke_card_new(&connection.base, 1, "fuzz");
    TkeCardStatus status = { .kind = TKE_CARD_KIND_FOREIGN };
    TkeZoneCertificate certificate = { 0 };
    TkeSignatureKey key = { .origin = 0 };
    bool marks[10] = { false };
    g_autoptr(GError) error = NULL;

    if (!tke_card_recognise(card, &status, &error)) {
        FUZZ_REQUIRE(error != NULL);
        return 0;
    }
    tke_card_query_probe(card, marks, NULL);
    tke_card_query_zone_certificate(card, &certificate, NULL);
    tke_ep11_card_query_signature_key(card, &key, NULL);
    tke_card_evidence_check_genuine(card, &status, NULL, NULL, NULL, NULL);
    return 0;
}
