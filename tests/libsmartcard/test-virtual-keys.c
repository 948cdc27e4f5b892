/*
 * Keys on virtual cards: key parts, encryption for a crypto unit, signatures, imports.
 */
#include <string.h>

#include "common/aes.h"
#include "common/byte-builder.h"
#include "common/key-agreement.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/card-transfer.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/ep11-card-signer.h"
#include "tests/support/card-world.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

typedef struct Member {
    CardWorld *world;
    SimCard *sim;
    TkeCard *card;
    TkeCardStatus status;
    GError *error;
} Member;

static void
member_clear(Member *m)
{
    tke_card_free(m->card);
    card_world_free(m->world);
    g_clear_error(&m->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Member, member_clear)

static Member
open_member(void)
{
    Member m = { .world = card_world_new(0) };

    card_world_make_zone(m.world);
    m.sim = card_world_make_member(m.world, "a");
    m.card = card_world_open_member(m.world, m.sim, 2, &m.status);
    return m;
}

START_TEST(test_key_parts_are_made_listed_described_and_deleted)
{
    g_auto(Member) m = open_member();
    TkeKeyPart parts[3] = { 0 };
    TkeKeyPartList list = { 0 };

    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *text = g_strdup_printf("Part %u", i);

        card_world_check(tke_ep11_card_generate_part(m.card, text, &parts[i], &m.error), m.error);
        ck_assert_uint_eq(parts[i].place, i + 1);
    }
    card_world_check(tke_ep11_card_describe_part(m.card, 2, "renamed", &m.error), m.error);
    card_world_check(tke_ep11_card_delete_part(m.card, 1, parts[0].vp, &m.error), m.error);
    card_world_check(tke_ep11_card_query_parts(m.card, 2, &list, &m.error), m.error);
    ck_assert_uint_eq(list.n, 2);
    ck_assert_str_eq(list.parts[0].description, "renamed");
    ck_assert_mem_eq(list.parts[1].vp, parts[2].vp, TKE_VP_LEN);
    ck_assert_ptr_eq(tke_key_part_list_find(&list, parts[2].vp), &list.parts[1]);
    ck_assert_ptr_null(tke_key_part_list_find(&list, parts[0].vp));
    ck_assert_str_eq(tke_ep11_card_origin_text(list.parts[0].origin), "generated on card");

    ck_assert(!tke_ep11_card_delete_part(m.card, 2, parts[2].vp, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_REFUSED);
    g_clear_error(&m.error);
    ck_assert(!tke_ep11_card_delete_part(m.card, 1, parts[0].vp, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND);
    g_clear_error(&m.error);
    /* A card whose list is longer or shorter than its status says is not believed. */
    ck_assert(!tke_ep11_card_query_parts(m.card, 3, &list, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
    g_clear_error(&m.error);
    ck_assert(!tke_ep11_card_query_parts(m.card, 1, &list, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
}
END_TEST

START_TEST(test_the_86th_part_finds_no_room)
{
    g_auto(Member) m = open_member();
    uint8_t parts[TKE_EP11_PLACES][SIM_CARD_PART_LEN] = { 0 };
    TkeKeyPart part = { 0 };
    TkeKeyPartList list = { 0 };

    for (unsigned i = 0; i < TKE_EP11_PLACES; i++) {
        parts[i][0] = (uint8_t) (i + 1);
    }
    card_world_check(sim_card_fill(m.sim, parts[0], TKE_EP11_PLACES, &m.error), m.error);
    card_world_check(tke_ep11_card_query_parts(m.card, TKE_EP11_PLACES, &list, &m.error), m.error);
    ck_assert_uint_eq(list.parts[84].place, 85);
    ck_assert(!tke_ep11_card_generate_part(m.card, "", &part, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_FULL);
}
END_TEST

/* The crypto unit's side of an encryption (crypto unit protocol, 4.3.2). */
static TkeSecret *
unwrap(EVP_PKEY *importer, const TkeWrappedPart *wrapped, TkeWrapForm form)
{
    g_autoptr(GByteArray) info =
        test_bytes(form == TKE_WRAP_WITH_NULL ? "3043300d060960864801650304012d0500a02a0428"
                                              : "3041300b060960864801650304012da02a0428");
    g_autoptr(GByteArray) tail = test_bytes("a206040400000100");
    g_autoptr(EVP_PKEY) peer =
        tke_ec_key_from_point(wrapped->ephemeral_point, TKE_EC_POINT_LEN, NULL);
    g_autoptr(TkeSecret) z = tke_key_agreement_ecdh(importer, peer, NULL);
    g_autoptr(TkeSecret) kek = NULL;

    g_byte_array_append(info, wrapped->ukm, sizeof wrapped->ukm);
    g_byte_array_append(info, tail->data, tail->len);
    kek = tke_key_agreement_x963(z, 1, info->data, info->len, NULL);
    return tke_aes_unwrap(kek, wrapped->wrapped, sizeof wrapped->wrapped, NULL);
}

START_TEST(test_a_part_is_encrypted_for_the_importer_and_nobody_else)
{
    g_auto(Member) m = open_member();
    g_autoptr(EVP_PKEY) importer = tke_ec_key_generate(&m.error);
    g_autoptr(TkeSecret) held = NULL;
    g_autoptr(TkeSecret) got = NULL;
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    const TkeWrapForm form = _i == 0 ? TKE_WRAP_WITH_NULL : TKE_WRAP_WITHOUT_NULL;
    TkeKeyPart part = { 0 };
    TkeWrappedPart wrapped = { 0 };
    unsigned before = 0;

    ck_assert(tke_ec_key_get_point(importer, point, &m.error));
    card_world_check(tke_ep11_card_generate_part(m.card, "A", &part, &m.error), m.error);
    before = tke_card_get_apdus(m.card);
    card_world_check(
        tke_ep11_card_wrap_part(m.card, part.place, part.vp, point, form, &wrapped, &m.error),
        m.error);
    ck_assert_uint_eq(tke_card_get_apdus(m.card) - before, 1);
    held = sim_card_reveal_part(m.sim, part.place, &m.error);
    got = unwrap(importer, &wrapped, form);
    ck_assert(held != NULL && got != NULL && tke_secret_equal(held, got));
}
END_TEST

START_TEST(test_an_encryption_of_another_part_than_the_confirmed_one_is_refused)
{
    g_auto(Member) m = open_member();
    g_autoptr(EVP_PKEY) importer = tke_ec_key_generate(&m.error);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    TkeKeyPart parts[2] = { 0 };
    TkeWrappedPart wrapped = { 0 };

    ck_assert(tke_ec_key_get_point(importer, point, &m.error));
    card_world_check(tke_ep11_card_generate_part(m.card, "A", &parts[0], &m.error), m.error);
    card_world_check(tke_ep11_card_generate_part(m.card, "B", &parts[1], &m.error), m.error);
    ck_assert(!tke_ep11_card_wrap_part(m.card, parts[0].place, parts[1].vp, point,
                                       TKE_WRAP_WITH_NULL, &wrapped, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
}
END_TEST

/* An administrative block: SEQUENCE of five OCTET STRINGs, the last as long as asked for. */
static GByteArray *
admin_block(size_t len)
{
    GByteArray *block = g_byte_array_new();
    TkeByteBuilder b = tke_byte_builder_into(block, 70000);
    const size_t head = 6 + 10 + 18 + 18;

    tke_byte_builder_u8(&b, 0x30);
    tke_byte_builder_u8(&b, 0x82);
    tke_byte_builder_u16(&b, (uint16_t) (head + 4 + len));
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t lens[] = { 4, 8, 16, 16 };

        tke_byte_builder_u8(&b, 0x04);
        tke_byte_builder_u8(&b, lens[i]);
        tke_byte_builder_fill(&b, (uint8_t) i, lens[i]);
    }
    tke_byte_builder_u8(&b, 0x04);
    tke_byte_builder_u8(&b, 0x82);
    tke_byte_builder_u16(&b, (uint16_t) len);
    tke_byte_builder_fill(&b, 0x5A, len);
    ck_assert(!b.failed);
    return block;
}

START_TEST(test_messages_of_any_length_are_signed_and_verified)
{
    static const size_t lens[] = { 300, 1000, 2000, 65535 - 60 };
    g_auto(Member) m = open_member();
    TkeSignatureKey key = { 0 };
    g_autoptr(GPtrArray) blocks =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);
    TkeSignItem items[G_N_ELEMENTS(lens)] = { 0 };
    g_autoptr(EVP_PKEY) public_key = NULL;

    tke_card_set_extended_allowed(m.card, _i == 1);
    card_world_check(tke_ep11_card_generate_signature_key(m.card, "Alice", &key, &m.error),
                     m.error);
    for (size_t i = 0; i < G_N_ELEMENTS(lens); i++) {
        GByteArray *block = admin_block(lens[i]);

        g_ptr_array_add(blocks, block);
        items[i].message = block->data;
        items[i].len = block->len;
    }
    card_world_check(tke_ep11_card_sign_batch(m.card, TKE_EP11_SIGN_COMMAND, key.point, items,
                                              G_N_ELEMENTS(lens), &m.error),
                     m.error);
    public_key = tke_ec_key_from_point(key.point, sizeof key.point, &m.error);
    for (size_t i = 0; i < G_N_ELEMENTS(lens); i++) {
        ck_assert_uint_le(items[i].signature_len, TKE_EC_SIGNATURE_MAX);
        card_world_check(tke_ec_key_verify(public_key, items[i].message, items[i].len,
                                           items[i].signature, items[i].signature_len, &m.error),
                         m.error);
    }
}
END_TEST

START_TEST(test_a_signature_of_another_key_is_not_taken)
{
    g_auto(Member) m = open_member();
    TkeSignatureKey first = { 0 };
    TkeSignatureKey second = { 0 };
    g_autoptr(GByteArray) block = admin_block(300);
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t len = 0;

    card_world_check(tke_ep11_card_generate_signature_key(m.card, "Alice", &first, &m.error),
                     m.error);
    ck_assert(!tke_ep11_card_generate_signature_key(m.card, "Bob", &second, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_EXISTS);
    g_clear_error(&m.error);
    card_world_check(
        tke_ep11_card_replace_signature_key(m.card, first.ski, "Bob", &second, &m.error), m.error);
    ck_assert(!tke_ep11_card_sign(m.card, TKE_EP11_SIGN_COMMAND, first.point, block->data,
                                  block->len, signature, &len, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
    g_clear_error(&m.error);
    card_world_check(tke_ep11_card_query_signature_key(m.card, &first, &m.error), m.error);
    ck_assert_str_eq(first.name, "Bob");
    ck_assert_mem_eq(first.ski, second.ski, sizeof first.ski);
    card_world_check(tke_ep11_card_delete_signature_key(m.card, second.ski, &m.error), m.error);
    ck_assert(!tke_ep11_card_query_signature_key(m.card, &first, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND);
    g_clear_error(&m.error);
    ck_assert(!tke_ep11_card_sign(m.card, TKE_EP11_SIGN_COMMAND, second.point, block->data,
                                  block->len, signature, &len, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_records_are_signed_by_the_identity_of_the_card)
{
    static const uint8_t record[] = "Ceremony of today";
    g_auto(Member) m = open_member();
    TkeZoneCertificate own = { 0 };
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t len = 0;

    card_world_check(tke_card_query_own_certificate(m.card, &own, &m.error), m.error);
    card_world_check(tke_ep11_card_sign(m.card, TKE_EP11_SIGN_RECORD, own.point, record,
                                        sizeof record, signature, &len, &m.error),
                     m.error);
    card_world_check(
        tke_zone_label_verify(own.point, "record", record, sizeof record, signature, len, &m.error),
        m.error);
    own.point[TKE_EC_POINT_LEN - 1] ^= 1;
    ck_assert(
        !tke_zone_label_verify(own.point, "record", record, sizeof record, signature, len, NULL));
}
END_TEST

START_TEST(test_a_message_that_is_no_command_is_not_signed_as_one)
{
    static const uint8_t text[] = "not an administrative block, whatever it may look like, no";
    g_auto(Member) m = open_member();
    TkeSignatureKey key = { 0 };
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t len = 0;
    TkeCardErrorInfo info = { 0 };

    card_world_check(tke_ep11_card_generate_signature_key(m.card, "Alice", &key, &m.error),
                     m.error);
    ck_assert(!tke_ep11_card_sign(m.card, TKE_EP11_SIGN_COMMAND, key.point, text, sizeof text,
                                  signature, &len, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_STATUS);
    ck_assert(tke_card_error_get_info(m.error, &info));
    ck_assert_uint_eq(info.sw, 0x6A80);
    ck_assert_uint_eq(info.reader_number, 2);
}
END_TEST

START_TEST(test_parts_are_imported_once)
{
    g_auto(Member) m = open_member();
    g_autoptr(TkeSecret) part = tke_secret_new_random(32, &m.error);
    g_autoptr(TkeSecret) held = NULL;
    TkeKeyPart out = { 0 };
    TkeKeyPartList list = { 0 };
    uint8_t vp[TKE_VP_LEN] = { 0 };

    ck_assert(tke_digest_verification_pattern(part, vp, &m.error));
    card_world_check(tke_card_transfer_import_part(m.card, &m.status, &m.world->zone, part,
                                                   TKE_ORIGIN_TYPED, "typed in", &out, &m.error),
                     m.error);
    ck_assert_mem_eq(out.vp, vp, sizeof vp);
    held = sim_card_reveal_part(m.sim, out.place, &m.error);
    ck_assert(held != NULL && tke_secret_equal(held, part));
    card_world_check(tke_ep11_card_query_parts(m.card, 1, &list, &m.error), m.error);
    ck_assert_str_eq(list.parts[0].description, "typed in");
    ck_assert_str_eq(tke_ep11_card_origin_text(list.parts[0].origin), "typed");
    ck_assert(!tke_card_transfer_import_part(m.card, &m.status, &m.world->zone, part,
                                             TKE_ORIGIN_FILE, "", &out, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_EXISTS);
}
END_TEST

START_TEST(test_a_key_is_imported_and_signs)
{
    g_auto(Member) m = open_member();
    g_autoptr(EVP_PKEY) key = tke_ec_key_generate(&m.error);
    g_autoptr(GByteArray) block = admin_block(400);
    TkeSignatureKey out = { 0 };
    TkeSignatureKey again = { 0 };
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t len = 0;

    card_world_check(tke_card_transfer_import_key(m.card, &m.status, &m.world->zone, key,
                                                  "  Alice  ", &out, &m.error),
                     m.error);
    ck_assert_str_eq(out.name, "Alice");
    card_world_check(tke_ep11_card_query_signature_key(m.card, &again, &m.error), m.error);
    ck_assert_mem_eq(again.point, out.point, sizeof out.point);
    ck_assert_str_eq(tke_ep11_card_origin_text(again.origin), "copied from file");
    card_world_check(tke_ep11_card_sign(m.card, TKE_EP11_SIGN_COMMAND, out.point, block->data,
                                        block->len, signature, &len, &m.error),
                     m.error);
    ck_assert(!tke_card_transfer_import_key(m.card, &m.status, &m.world->zone, key, "Alice", &out,
                                            &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_EXISTS);
}
END_TEST

START_TEST(test_nothing_is_sealed_for_a_card_that_is_not_genuine)
{
    g_auto(Member) m = open_member();
    g_autoptr(TkeSecret) part = tke_secret_new_random(32, &m.error);
    TkeKeyPart out = { 0 };
    unsigned before = 0;

    ck_assert(sim_card_set_forgery(m.sim, (SimCardForgery) _i));
    card_world_check(tke_card_query_status(m.card, &m.status, &m.error), m.error);
    before = tke_card_get_apdus(m.card);
    ck_assert(!tke_card_transfer_import_part(m.card, &m.status, &m.world->zone, part,
                                             TKE_ORIGIN_FILE, "", &out, &m.error));
    test_bytes_check_error(m.error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
    ck_assert_uint_eq(tke_card_get_apdus(m.card) - before, 1); /* the offer, and nothing after it */
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_key_parts_are_made_listed_described_and_deleted);
    tcase_add_test(tests, test_the_86th_part_finds_no_room);
    tcase_add_loop_test(tests, test_a_part_is_encrypted_for_the_importer_and_nobody_else, 0, 2);
    tcase_add_test(tests, test_an_encryption_of_another_part_than_the_confirmed_one_is_refused);
    tcase_add_loop_test(tests, test_messages_of_any_length_are_signed_and_verified, 0, 2);
    tcase_add_test(tests, test_a_signature_of_another_key_is_not_taken);
    tcase_add_test(tests, test_records_are_signed_by_the_identity_of_the_card);
    tcase_add_test(tests, test_a_message_that_is_no_command_is_not_signed_as_one);
    tcase_add_test(tests, test_parts_are_imported_once);
    tcase_add_test(tests, test_a_key_is_imported_and_signs);
    tcase_add_loop_test(tests, test_nothing_is_sealed_for_a_card_that_is_not_genuine,
                        SIM_CARD_FORGED_KEY, SIM_CARD_FORGED_ID + 1);
}

int
main(void)
{
    return test_main("virtual-keys", add_tests);
}
