/*
 * Hostile cards in whole procedures (card-protocol.md, 3 to 10). The first byte chooses the
 * procedure; then follow the answers of both cards in the order in which they are asked for, each
 * with two bytes of length. What the host draws at random is always the same, so that an input
 * does the same every time. The seeds are what virtual cards answered to such a host.
 */
#include <string.h>

#include "libsmartcard/ca-card-init.h"
#include "libsmartcard/ca-card.h"
#include "libsmartcard/card-evidence.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card-transfer.h"
#include "libsmartcard/card.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/ep11-card-signer.h"
#include "libsmartcard/ep11-card.h"
#include "tests/fuzz/card-script.h"

#define LONG_MESSAGE 9000u

/* CA card or source, and the other card, both recognised. */
typedef struct Desk {
    TkeCard *first;
    TkeCard *second;
    TkeCardStatus first_status;
    TkeCardStatus second_status;
} Desk;

/* ---- procedures ---- */

static void
check_part(const TkeKeyPart *part)
{
    FUZZ_REQUIRE(part->place >= 1 && part->place <= TKE_EP11_PLACES);
    FUZZ_REQUIRE(strnlen(part->description, sizeof part->description) <= TKE_CARD_TEXT_MAX);
}

static bool
query_parts(TkeCard *card, const TkeCardStatus *status, TkeKeyPartList *list, GError **error)
{
    if (!tke_ep11_card_query_parts(card, status->n_parts, list, error)) {
        return false;
    }
    FUZZ_REQUIRE(list->n <= TKE_EP11_PLACES);
    for (unsigned i = 0; i < list->n; i++) {
        check_part(&list->parts[i]);
        FUZZ_REQUIRE(i == 0 || list->parts[i - 1].place < list->parts[i].place);
    }
    return true;
}

static bool
read_card(Desk *desk, GError **error)
{
    TkeZoneCertificate certificate = { 0 };
    TkeSignatureKey key = { .origin = 0 };
    TkeKeyPartList list = { 0 };
    bool marks[10] = { false };

    return tke_card_query_zone_certificate(desk->second, &certificate, error) &&
           tke_card_query_own_certificate(desk->second, &certificate, error) &&
           tke_card_query_probe(desk->second, marks, error) &&
           tke_ep11_card_query_signature_key(desk->second, &key, error) &&
           query_parts(desk->second, &desk->second_status, &list, error);
}

static bool
check_card(Desk *desk, GError **error)
{
    g_autofree TkeUsageLog *log = g_new0(TkeUsageLog, 1);
    TkeZoneCertificate zone = { 0 };

    if (!tke_card_query_zone_certificate(desk->second, &zone, error) ||
        !tke_card_evidence_check_genuine(desk->second, &desk->second_status, NULL, &zone, NULL,
                                         error) ||
        !tke_card_evidence_query_log(desk->second, &desk->second_status, 0, NULL, log, error)) {
        return false;
    }
    FUZZ_REQUIRE(log->n <= TKE_USAGE_KEPT);
    return true;
}

static bool
use_part(Desk *desk, GError **error)
{
    g_autoptr(EVP_PKEY) importer = tke_ec_key_generate(NULL);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    TkeKeyPart part = { 0 };
    TkeWrappedPart wrapped = { .vp = { 0 } };

    FUZZ_REQUIRE(importer != NULL && tke_ec_key_get_point(importer, point, NULL));
    if (!tke_ep11_card_generate_part(desk->second, "x", &part, error)) {
        return false;
    }
    check_part(&part);
    if (!tke_ep11_card_wrap_part(desk->second, part.place, part.vp, point, TKE_WRAP_WITH_NULL,
                                 &wrapped, error)) {
        return false;
    }
    FUZZ_REQUIRE(memcmp(wrapped.vp, part.vp, sizeof part.vp) == 0);
    return tke_ep11_card_describe_part(desk->second, part.place, "y", error) &&
           tke_ep11_card_delete_part(desk->second, part.place, part.vp, error);
}

static bool
make_signature_key(Desk *desk, GError **error)
{
    TkeSignatureKey key = { .origin = 0 };

    return tke_ep11_card_generate_signature_key(desk->second, "Alice", &key, error) &&
           tke_ep11_card_query_signature_key(desk->second, &key, error) &&
           tke_ep11_card_replace_signature_key(desk->second, key.ski, "Bob", &key, error) &&
           tke_ep11_card_delete_signature_key(desk->second, key.ski, error);
}

static bool
sign(Desk *desk, GError **error)
{
    static const uint8_t message[LONG_MESSAGE] = "a message in several pieces";
    TkeSignItem items[] = { { .message = message, .len = 12 }, { .message = message, .len = 300 } };
    TkeSignatureKey key = { .origin = 0 };
    TkeZoneCertificate own = { 0 };
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t len = 0;

    if (!tke_ep11_card_query_signature_key(desk->second, &key, error) ||
        !tke_card_query_own_certificate(desk->second, &own, error) ||
        !tke_ep11_card_sign(desk->second, TKE_EP11_SIGN_RECORD, own.point, message, sizeof message,
                            signature, &len, error)) {
        return false;
    }
    FUZZ_REQUIRE(len > 0 && len <= sizeof signature);
    if (!tke_ep11_card_sign_batch(desk->second, TKE_EP11_SIGN_RECORD, own.point, items,
                                  G_N_ELEMENTS(items), error)) {
        return false;
    }
    FUZZ_REQUIRE(items[0].signature_len > 0 && items[1].signature_len > 0);
    return tke_ep11_card_sign(desk->second, TKE_EP11_SIGN_COMMAND, key.point, message, 1, signature,
                              &len, error); /* no command, says a right card */
}

static bool
copy(Desk *desk, GError **error)
{
    TkeKeyPartList list = { 0 };
    TkeTransferPlan plan = { 0 };
    TkeTransferResult result = { 0 };

    if (!query_parts(desk->first, &desk->first_status, &list, error)) {
        return false;
    }
    tke_card_transfer_plan_all(&desk->first_status, &list, &plan);
    if (!tke_card_transfer_run(desk->first, &desk->first_status, &list, desk->second,
                               &desk->second_status, NULL, NULL, &plan, NULL, NULL, &result,
                               error)) {
        return false;
    }
    FUZZ_REQUIRE(result.n <= G_N_ELEMENTS(result.entries));
    return true;
}

/* The same in single steps, which a check at the beginning of the whole does not keep from the
 * answers. */
static bool
send_and_receive(Desk *desk, GError **error)
{
    static const uint8_t places[] = { 1, 2 };
    TkeTransferOffer offer = { .signature_len = 0 };
    TkeTransferOffer answer = { .signature_len = 0 };
    TkeTransferEntry entries[2] = { { 0 } };
    TkeTransferSealed sealed = { .len = 0 };

    if (!tke_card_transfer_make_offer(desk->second, &offer, error) ||
        !tke_card_transfer_start_sending(desk->first, &offer, &answer, error) ||
        !tke_card_transfer_start_receiving(desk->second, &answer, error) ||
        !tke_card_transfer_send_key(desk->first, &sealed, error) ||
        !tke_card_transfer_receive(desk->second, &sealed, true, 1, entries, error) ||
        !tke_card_transfer_send_parts(desk->first, places, G_N_ELEMENTS(places), &sealed, error)) {
        return false;
    }
    FUZZ_REQUIRE(sealed.len <= sizeof sealed.content);
    return tke_card_transfer_receive(desk->second, &sealed, false, G_N_ELEMENTS(places), entries,
                                     error);
}

static bool
import(Desk *desk, GError **error)
{
    g_autoptr(TkeSecret) part = tke_secret_new_random(32, NULL);
    g_autoptr(EVP_PKEY) key = tke_ec_key_generate(NULL);
    TkeZoneCertificate zone = { 0 };
    TkeKeyPart made = { 0 };
    TkeSignatureKey imported = { .origin = 0 };

    FUZZ_REQUIRE(part != NULL && key != NULL);
    if (!tke_card_query_zone_certificate(desk->second, &zone, error) ||
        !tke_card_transfer_import_part(desk->second, &desk->second_status, &zone, part,
                                       TKE_ORIGIN_FILE, "", &made, error)) {
        return false;
    }
    check_part(&made);
    return tke_card_transfer_import_key(desk->second, &desk->second_status, &zone, key, "Carol",
                                        &imported, error);
}

static bool
enrol(Desk *desk, GError **error)
{
    TkeZoneCertificate zone = { 0 };
    TkeZoneCertificate certificate = { 0 };

    return tke_card_query_zone_certificate(desk->first, &zone, error) &&
           tke_ep11_card_enrol(desk->second, &desk->second_status, desk->first, &zone, &certificate,
                               error);
}

static bool
unblock(Desk *desk, GError **error)
{
    TkeZoneCertificate zone = { 0 };

    return tke_card_query_zone_certificate(desk->first, &zone, error) &&
           tke_ep11_card_unblock(desk->second, &desk->second_status, desk->first, &zone, error);
}

static bool
make_zone(Desk *desk, GError **error)
{
    TkeZoneCertificate zone = { 0 };

    return tke_ca_card_create_zone(desk->second, "other", "", &zone, error) &&
           tke_card_query_status(desk->second, &desk->second_status, error);
}

static bool
back_up(Desk *desk, GError **error)
{
    TkeZoneCertificate zone = { 0 };

    return tke_ca_card_backup(desk->first, &desk->first_status, desk->second, &desk->second_status,
                              &zone, error);
}

static const struct {
    bool (*run)(Desk *desk, GError **error);
    bool two_cards;
} procedures[] = {
    { read_card, false },
    { check_card, false },
    { use_part, false },
    { make_signature_key, false },
    { sign, false },
    { import, false },
    { make_zone, false },
    { copy, true },
    { send_and_receive, true },
    { enrol, true },
    { unblock, true },
    { back_up, true },
};

static bool
recognise(Desk *desk, bool two_cards, GError **error)
{
    return (!two_cards || tke_card_recognise(desk->first, &desk->first_status, error)) &&
           tke_card_recognise(desk->second, &desk->second_status, error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeByteCursor script = tke_byte_cursor(data, size);
    CardScript first = card_script(&script);
    CardScript second = card_script(&script);
    Desk desk = { .first_status = { .kind = TKE_CARD_KIND_FOREIGN } };
    g_autoptr(GError) error = NULL;
    uint8_t choice = 0;
    bool ok = false;

    if (!tke_secret_heap_init(NULL) || !tke_byte_cursor_u8(&script, &choice)) {
        return 0;
    }
    card_script_draw_always_the_same();
    choice = (uint8_t) (choice % G_N_ELEMENTS(procedures));
    desk.first = tke_card_new(&first.base, 1, "first");
    desk.second = tke_card_new(&second.base, 2, "second");
    ok = recognise(&desk, procedures[choice].two_cards, &error) &&
         procedures[choice].run(&desk, &error);
    FUZZ_REQUIRE(ok == (error == NULL));
    tke_card_free(desk.first);
    tke_card_free(desk.second);
    return 0;
}
