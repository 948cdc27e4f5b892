/*
 * Answers that are cut short, too long or begin otherwise: each answer of each procedure is spoilt
 * in turn, and the host notices (card-protocol.md, 12).
 */
#include <string.h>

#include "libsmartcard/ca-card-init.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/card-evidence.h"
#include "libsmartcard/card-transfer.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/ep11-card-signer.h"
#include "libsmartcard/ep11-card.h"
#include "libsmartcard/pin-pad.h"
#include "tests/support/card-world.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* What a procedure may need: CA or source in reader 1, an EP11 card in reader 2. */
typedef struct Stage {
    CardWorld *world;
    SimCard *first_sim, *second_sim;
    TkeCard *first, *second;
    TkeCardStatus first_status, second_status;
    unsigned reader; /* whose answers are spoilt */
} Stage;

static void
stage_close(Stage *s)
{
    g_clear_pointer(&s->first, tke_card_free);
    g_clear_pointer(&s->second, tke_card_free);
}

static void
stage_clear(Stage *s)
{
    stage_close(s);
    card_world_free(s->world);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stage, stage_clear)

/* ---- What is put into the readers ---- */

static void
prepare_member(Stage *s)
{
    if (s->second_sim == NULL) {
        TkeSignatureKey key = { .origin = 0 };
        TkeKeyPart part = { 0 };

        s->second_sim = card_world_make_member(s->world, "a");
        s->second = card_world_open_member(s->world, s->second_sim, 2, &s->second_status);
        card_world_check(tke_ep11_card_generate_signature_key(s->second, "Alice", &key, NULL),
                         (GError *) NULL);
        card_world_check(tke_ep11_card_generate_part(s->second, "", &part, NULL), (GError *) NULL);
        g_clear_pointer(&s->second, tke_card_free);
    }
    s->second = card_world_open_member(s->world, s->second_sim, 2, &s->second_status);
}

static void
prepare_pair(Stage *s)
{
    prepare_member(s);
    stage_close(s);
    if (s->first_sim == NULL) {
        s->first_sim = s->second_sim;
        s->second_sim = NULL;
        s->second_sim = card_world_make_member(s->world, "b");
    }
    s->first = card_world_open_member(s->world, s->first_sim, 1, &s->first_status);
    s->second = card_world_open_member(s->world, s->second_sim, 2, &s->second_status);
}

static void
prepare_ca_and_new_card(Stage *s)
{
    s->first = card_world_open_ca(s->world);
    card_world_check(tke_card_query_status(s->first, &s->first_status, NULL), (GError *) NULL);
    s->second = card_world_recognise(s->world, card_world_make_card(s->world, "new", SIM_CARD_EP11),
                                     2, &s->second_status);
}

static void
prepare_ca_and_new_ca(Stage *s)
{
    s->first = card_world_open_ca(s->world);
    card_world_check(tke_card_query_status(s->first, &s->first_status, NULL), (GError *) NULL);
    s->second = card_world_recognise(s->world, card_world_make_card(s->world, "new", SIM_CARD_CA),
                                     2, &s->second_status);
    card_world_set_pin(s->world, s->second, TKE_PIN_FIRST, "333333");
    card_world_set_pin(s->world, s->second, TKE_PIN_SECOND, "444444");
}

static void
prepare_ca_and_blocked_card(Stage *s)
{
    if (s->second_sim == NULL) {
        s->second_sim = card_world_make_member(s->world, "a");
    }
    ck_assert(sim_card_block_pin(s->second_sim, TKE_PIN_FIRST));
    s->first = card_world_open_ca(s->world);
    s->second = card_world_recognise(s->world, s->second_sim, 2, &s->second_status);
}

/* ---- What is done ---- */

static bool
recognise(Stage *s, GError **error)
{
    return tke_card_recognise(s->second, &s->second_status, error);
}

static bool
read_card(Stage *s, GError **error)
{
    TkeZoneCertificate certificate = { 0 };
    TkeSignatureKey key = { .origin = 0 };
    TkeKeyPartList list = { 0 };
    bool marks[10] = { false };

    return tke_card_query_zone_certificate(s->second, &certificate, error) &&
           tke_card_query_own_certificate(s->second, &certificate, error) &&
           tke_card_query_probe(s->second, marks, error) &&
           tke_ep11_card_query_signature_key(s->second, &key, error) &&
           tke_ep11_card_query_parts(s->second, s->second_status.n_parts, &list, error);
}

static bool
check_card(Stage *s, GError **error)
{
    g_autofree TkeUsageLog *log = g_new0(TkeUsageLog, 1);

    return tke_card_evidence_check_genuine(s->second, &s->second_status, NULL, &s->world->zone,
                                           NULL, error) &&
           tke_card_evidence_query_log(s->second, &s->second_status, 0, NULL, log, error);
}

static bool
use_keys(Stage *s, GError **error)
{
    static const uint8_t record[] = "record";
    g_autoptr(EVP_PKEY) importer = tke_ec_key_generate(NULL);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t len = 0;
    TkeKeyPart part = { 0 };
    TkeWrappedPart wrapped = { 0 };
    TkeSignatureKey key = { .origin = 0 };
    TkeZoneCertificate own = { 0 };

    ck_assert(tke_ec_key_get_point(importer, point, NULL));
    return tke_card_query_own_certificate(s->second, &own, error) &&
           tke_ep11_card_generate_part(s->second, "x", &part, error) &&
           tke_ep11_card_describe_part(s->second, part.place, "y", error) &&
           tke_ep11_card_wrap_part(s->second, part.place, part.vp, point, TKE_WRAP_WITH_NULL,
                                   &wrapped, error) &&
           tke_ep11_card_sign(s->second, TKE_EP11_SIGN_RECORD, own.point, record, sizeof record,
                              signature, &len, error) &&
           tke_ep11_card_query_signature_key(s->second, &key, error) &&
           tke_ep11_card_replace_signature_key(s->second, key.ski, "Bob", &key, error) &&
           tke_ep11_card_delete_part(s->second, part.place, part.vp, error);
}

static bool
copy(Stage *s, GError **error)
{
    TkeKeyPartList list = { 0 };
    TkeTransferPlan plan = { 0 };
    TkeTransferResult result = { 0 };

    if (!tke_ep11_card_query_parts(s->first, s->first_status.n_parts, &list, error)) {
        return false;
    }
    tke_card_transfer_plan_all(&s->first_status, &list, &plan);
    return tke_card_transfer_run(s->first, &s->first_status, &list, s->second, &s->second_status,
                                 NULL, NULL, &plan, NULL, NULL, &result, error);
}

static bool
import(Stage *s, GError **error)
{
    g_autoptr(TkeSecret) part = tke_secret_new_random(32, NULL);
    TkeKeyPart out = { 0 };

    return tke_card_transfer_import_part(s->second, &s->second_status, &s->world->zone, part,
                                         TKE_ORIGIN_FILE, "", &out, error);
}

static bool
enrol(Stage *s, GError **error)
{
    TkeZoneCertificate certificate = { 0 };

    return tke_ep11_card_enrol(s->second, &s->second_status, s->first, &s->world->zone,
                               &certificate, error);
}

static bool
back_up(Stage *s, GError **error)
{
    TkeZoneCertificate zone = { 0 };

    return tke_ca_card_backup(s->first, &s->first_status, s->second, &s->second_status, &zone,
                              error);
}

static bool
make_zone(Stage *s, GError **error)
{
    TkeZoneCertificate zone = { 0 };

    return tke_ca_card_create_zone(s->second, "other", "", &zone, error) &&
           tke_card_query_status(s->second, &s->second_status, error);
}

static bool
unblock(Stage *s, GError **error)
{
    return tke_ep11_card_unblock(s->second, &s->second_status, s->first, &s->world->zone, error);
}

static const struct {
    void (*prepare)(Stage *stage);
    bool (*run)(Stage *stage, GError **error);
    unsigned reader;
    unsigned answers; /* how many there are at least */
} procedures[] = {
    { prepare_member, recognise, 2, 2 },
    { prepare_ca_and_new_ca, recognise, 2, 3 },
    { prepare_member, read_card, 2, 5 },
    { prepare_member, check_card, 2, 4 },
    { prepare_member, use_keys, 2, 8 },
    { prepare_pair, copy, 1, 4 },
    { prepare_pair, copy, 2, 6 },
    { prepare_member, import, 2, 2 },
    { prepare_ca_and_new_card, enrol, 1, 1 },
    { prepare_ca_and_new_card, enrol, 2, 3 },
    { prepare_ca_and_new_ca, back_up, 1, 1 },
    { prepare_ca_and_new_ca, back_up, 2, 2 },
    { prepare_ca_and_new_ca, make_zone, 2, 2 },
    { prepare_ca_and_blocked_card, unblock, 1, 1 },
    { prepare_ca_and_blocked_card, unblock, 2, 2 },
};

static void
check_noticed(const GError *error)
{
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(error->domain == TKE_CARD_ERROR && (error->code == TKE_CARD_ERROR_PROTOCOL ||
                                                      error->code == TKE_CARD_ERROR_NOT_GENUINE ||
                                                      error->code == TKE_CARD_ERROR_REFUSED),
                  "%s", error->message);
}

START_TEST(test_a_spoilt_answer_is_noticed)
{
    const VirtualMangle how = (VirtualMangle) (_i % 3);
    const unsigned n = (unsigned) _i / 3;
    g_auto(Stage) stage = { .world = card_world_new(0), .reader = procedures[n].reader };
    unsigned spoilt = 0;

    card_world_make_zone(stage.world);
    for (unsigned skip = 0;; skip++) {
        g_autoptr(GError) error = NULL;
        bool ok = false;

        procedures[n].prepare(&stage);
        virtual_readers_mangle(stage.world->readers, stage.reader, how, skip);
        ok = procedures[n].run(&stage, &error);
        if (!virtual_readers_was_mangled(stage.world->readers, stage.reader)) {
            ck_assert_msg(ok, "%s", error != NULL ? error->message : "");
            break;
        }
        spoilt++;
        if (!ok) {
            check_noticed(error);
        }
        /* Only what has no data cannot be spoilt at its first byte. */
        ck_assert(!ok || how == VIRTUAL_MANGLE_TAG);
        stage_close(&stage);
    }
    ck_assert_uint_ge(spoilt, procedures[n].answers);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_a_spoilt_answer_is_noticed, 0,
                        3 * (int) G_N_ELEMENTS(procedures));
}

int
main(void)
{
    return test_main("virtual-mangled", add_tests);
}
