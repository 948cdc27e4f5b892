/*
 * Issuer keys of blank cards: which are tried, and that they are tried once.
 */
#include <string.h>
#include <sys/stat.h>

#include "libceremony/advice.h"
#include "libceremony/op-card-accept.h"
#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/gp-registry.h"
#include "libsmartcard/gp-scp.h"
#include "simulator/sim-gp-state.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/key-set-text.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static bool
create_zone(CeremonyWorld *world, GError **error)
{
    const TkeZoneCreateParams params = { .zone_description = "Zone", .card_description = "CA 1" };

    return tke_op_zone_create(world->op, &params, NULL, error);
}

START_TEST(test_refused_keys_are_not_tried_again_and_used_cards_are_kept)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;
    SimGpState before;
    SimGpState after;

    ceremony_world_make_zone(world);
    ceremony_world_make_part(world, "member", "Part A");
    sim_card_set_trait(ceremony_world_card(world, "member"), SIM_CARD_OTHER_KEYS, 0);
    ceremony_world_hand(world, 1, "member", NULL);
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    ck_assert_msg(strstr(error->message, "the card is as it was") != NULL, "%s", error->message);
    sim_card_get_manager(ceremony_world_card(world, "member"), &before);
    g_clear_error(&error);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "member", NULL);
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    ck_assert_msg(strstr(error->message, "before; it is never tried again") != NULL, "%s",
                  error->message);
    sim_card_get_manager(ceremony_world_card(world, "member"), &after);
    ck_assert_uint_eq(before.sets[0].tries, after.sets[0].tries);
    ck_assert_uint_eq(before.sets[0].sequence, after.sets[0].sequence);
    ck_assert_uint_eq(ceremony_world_info(world, "member").parts, 1);
}
END_TEST

/* Settings of the rehearsal's workstation that name a key set file of this text. */
static void
write_settings(CeremonyWorld *world, const char *atr, const char *keys)
{
    g_autofree char *settings = g_build_filename(world->dir, "settings.json", NULL);
    g_autofree char *file = g_build_filename(world->dir, "lot.keys", NULL);
    g_autofree char *json = g_strdup_printf(
        "{\"card_keys\":[{\"atr\":\"0011\",\"file\":\"none\"},{%s\"file\":\"lot.keys\"}]}", atr);

    ck_assert(g_file_set_contents(settings, json, -1, NULL));
    ck_assert(g_file_set_contents(file, keys, -1, NULL));
    ck_assert_int_eq(chmod(file, 0600), 0);
}

/* Three that differ in every byte, so that two which are mixed up do not open the card. */
#define ENC_KEY "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define MAC_KEY "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
#define DEK_KEY "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
#define FIRST_BYTE 0x20u
#define KEY_STEP 0x40u

static void
set_keys(SimGpState *manager, unsigned key_len)
{
    manager->sets[0].key_len = (uint8_t) key_len;
    for (unsigned key = 0; key < SIM_GP_KEYS; key++) {
        for (unsigned i = 0; i < key_len; i++) {
            manager->sets[0].keys[key][i] = (uint8_t) (FIRST_BYTE + key * KEY_STEP + i);
        }
    }
}

/* The text of a key set file with these keys, their first key_len bytes, and more lines. */
static char *
file_of(const char *enc, const char *mac, const char *dek, unsigned key_len, const char *more)
{
    const int digits = (int) (2 * key_len);

    return g_strdup_printf("enc = %.*s\nmac = %.*s\ndek = %.*s\n%s\n", digits, enc, digits, mac,
                           digits, dek, more);
}

START_TEST(test_the_settings_name_the_issuer_keys_of_a_lot)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autofree char *file =
        file_of(ENC_KEY, MAC_KEY, DEK_KEY, 32, "version = 21\nprotocol = 03\nlevel = 33");
    g_autoptr(GError) error = NULL;
    SimGpState manager;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    sim_card_get_manager(ceremony_world_card(world, "new"), &manager);
    manager.option = 0x60;
    manager.sets[0].version = 0x21;
    set_keys(&manager, 32);
    ck_assert(sim_card_set_manager(ceremony_world_card(world, "new"), &manager));
    write_settings(world, "\"atr\":\"3b\",", file);
    ceremony_world_hand(world, 1, "new", NULL);
    card_world_check(create_zone(world, &error), error);
    ck_assert_int_eq(ceremony_world_info(world, "new").kind, SIM_CARD_CA);
}
END_TEST

/* The card is opened as it is for loading: with encrypted commands, whatever the file says
 * (card-applets, 1). */
static void
check_level(CeremonyWorld *world, uint8_t told)
{
    const TkeCardAcceptParams params = { .reader = 1 };
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCardAcceptance) report = tke_op_card_accept(world->op, &params, &error);

    ck_assert_msg(report != NULL && report->opened, "%s",
                  error != NULL ? error->message : "refused");
    ck_assert_uint_eq(report->channel.level, told | TKE_GP_LEVEL_C_DEC);
}

START_TEST(test_every_kind_of_channel_loads_an_applet)
{
    static const struct {
        uint8_t scp, option;
        unsigned key_len;
        const char *level;
    } cases[] = {
        { 3, 0x00, 16, "03" }, { 3, 0x10, 24, "03" }, { 3, 0x30, 32, "13" }, { 3, 0x60, 16, "33" },
        { 3, 0x70, 24, "33" }, { 3, 0x70, 16, "01" }, { 3, 0x70, 16, "11" }, { 2, 0x15, 16, "03" },
        { 2, 0x55, 16, "03" }, { 2, 0x55, 16, "01" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
        g_autofree char *more =
            g_strdup_printf("level = %s\nprotocol = 0%u", cases[i].level, cases[i].scp);
        g_autofree char *file = file_of(ENC_KEY, MAC_KEY, DEK_KEY, cases[i].key_len, more);
        g_autoptr(GError) error = NULL;
        SimGpState manager;

        ceremony_world_blank(world, "new", SIM_CARD_BLANK);
        sim_card_get_manager(ceremony_world_card(world, "new"), &manager);
        manager.scp = cases[i].scp;
        manager.option = cases[i].option;
        set_keys(&manager, cases[i].key_len);
        ck_assert(sim_card_set_manager(ceremony_world_card(world, "new"), &manager));
        write_settings(world, "", file);
        ceremony_world_hand(world, 1, "new", NULL);
        ck_assert_msg(create_zone(world, &error), "SCP%02u i=%02X level %s: %s", cases[i].scp,
                      cases[i].option, cases[i].level, error != NULL ? error->message : "");
        check_level(world, (uint8_t) strtoul(cases[i].level, NULL, 16));
    }
}
END_TEST

/* The channel that a key set opens on a card, or NULL with the error. */
static TkeGpScp *
open_with(TkeCard *card, const TkeGpKeySet *keys, GError **error)
{
    TkeGpCardData data = { 0 };

    return tke_gp_registry_select(card, &data, error) ? tke_gp_scp_open(card, keys, NULL, error)
                                                      : NULL;
}

/* PUT KEY has no command of its own (docs/hardware.md); the library's and the card's side meet
 * here. */
START_TEST(test_new_issuer_keys_open_the_card_and_the_old_ones_do_not)
{
    static const struct {
        uint8_t scp, option;
        unsigned key_len;
    } cases[] = { { 3, 0x70, 16 }, { 3, 0x10, 24 }, { 3, 0x60, 32 }, { 2, 0x55, 16 } };
    g_autoptr(CardWorld) world = card_world_new(20);
    g_autofree char *name = g_strdup_printf("blank-%d", _i);
    SimCard *sim = card_world_make_card(world, name, SIM_CARD_BLANK);
    g_autoptr(TkeGpKeySet) old = tke_gp_key_set_new_default(NULL);
    g_autofree char *text = file_of(ENC_KEY, MAC_KEY, DEK_KEY, cases[_i].key_len, "version = 30");
    g_autoptr(TkeGpKeySet) fresh = key_set_from_text(text, NULL);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(TkeGpScp) first = NULL;
    g_autoptr(TkeGpScp) with_old = NULL;
    g_autoptr(TkeGpScp) with_new = NULL;
    g_autoptr(GError) error = NULL;
    SimGpState manager;

    sim_card_get_manager(sim, &manager);
    manager.scp = cases[_i].scp;
    manager.option = cases[_i].option;
    ck_assert(sim_card_set_manager(sim, &manager));
    card = card_world_insert(world, sim, 1);
    first = open_with(card, old, &error);
    ck_assert_msg(first != NULL, "%s", error != NULL ? error->message : "");
    card_world_check(tke_gp_registry_put_keys(first, fresh, 0, &error), error);
    with_old = open_with(card, old, &error);
    ck_assert_ptr_null(with_old);
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    g_clear_error(&error);
    with_new = open_with(card, fresh, &error);
    ck_assert_msg(with_new != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(tke_gp_scp_get_info(with_new)->key_version, 0x30);
}
END_TEST

/* Each key instead of another one: told is which it is, where the protocol shows it; dek is needed
 * for PUT KEY only. */
START_TEST(test_keys_that_are_mixed_up_are_told)
{
    static const struct {
        uint8_t scp;
        const char *enc, *mac, *dek;
        const char *told; /* NULL: the applet is loaded */
    } cases[] = {
        { 3, MAC_KEY, ENC_KEY, DEK_KEY, "“mac” is another" },
        { 3, ENC_KEY, DEK_KEY, MAC_KEY, "“mac” is another" },
        { 3, DEK_KEY, MAC_KEY, ENC_KEY, "“enc” is probably another" },
        { 3, ENC_KEY, MAC_KEY, MAC_KEY, NULL },
        { 2, MAC_KEY, ENC_KEY, DEK_KEY, "“enc” is another" },
        { 2, ENC_KEY, DEK_KEY, MAC_KEY, "“enc” fits, “mac” is another" },
        { 2, DEK_KEY, MAC_KEY, ENC_KEY, "“enc” is another" },
    };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autofree char *file = file_of(cases[_i].enc, cases[_i].mac, cases[_i].dek, 16, "level = 03");
    g_autoptr(GError) error = NULL;
    SimGpState manager;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    sim_card_get_manager(ceremony_world_card(world, "new"), &manager);
    manager.scp = cases[_i].scp;
    manager.option = cases[_i].scp == 2 ? 0x55 : 0x70;
    set_keys(&manager, 16);
    ck_assert(sim_card_set_manager(ceremony_world_card(world, "new"), &manager));
    write_settings(world, "", file);
    ceremony_world_hand(world, 1, "new", NULL);
    if (cases[_i].told == NULL) {
        card_world_check(create_zone(world, &error), error);
        return;
    }
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    ck_assert_msg(strstr(error->message, cases[_i].told) != NULL, "%s", error->message);
    ck_assert_int_eq(ceremony_world_info(world, "new").kind, SIM_CARD_BLANK);
}
END_TEST

/* “enc” shows only in the first command, after the card has taken the proof: nothing was counted,
 * it may be corrected. */
START_TEST(test_a_corrected_enc_key_is_tried)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autofree char *wrong = file_of(DEK_KEY, MAC_KEY, DEK_KEY, 16, "");
    g_autofree char *right = file_of(ENC_KEY, MAC_KEY, DEK_KEY, 16, "");
    g_autoptr(GError) error = NULL;
    g_autofree char *advice = NULL;
    SimGpState manager;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    sim_card_get_manager(ceremony_world_card(world, "new"), &manager);
    set_keys(&manager, 16);
    ck_assert(sim_card_set_manager(ceremony_world_card(world, "new"), &manager));
    write_settings(world, "", wrong);
    ceremony_world_hand(world, 1, "new", NULL);
    ck_assert(!create_zone(world, &error));
    advice = tke_advice_for_error(error);
    ck_assert_msg(strstr(advice, "Correct “enc”") != NULL, "%s", advice);
    sim_card_get_manager(ceremony_world_card(world, "new"), &manager);
    ck_assert_uint_eq(manager.sets[0].tries, SIM_GP_TRIES);
    g_clear_error(&error);
    write_settings(world, "", right);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "new", NULL);
    card_world_check(create_zone(world, &error), error);
}
END_TEST

START_TEST(test_new_keys_under_a_wrong_data_key_are_told)
{
    g_autoptr(CardWorld) world = card_world_new(20);
    SimCard *sim = card_world_make_card(world, "blank", SIM_CARD_BLANK);
    g_autofree char *text = file_of(ENC_KEY, MAC_KEY, ENC_KEY, 16, "");
    g_autofree char *fresh_text = file_of(MAC_KEY, DEK_KEY, ENC_KEY, 16, "version = 30");
    g_autoptr(TkeGpKeySet) keys = key_set_from_text(text, NULL);
    g_autoptr(TkeGpKeySet) fresh = key_set_from_text(fresh_text, NULL);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(TkeGpScp) scp = NULL;
    g_autoptr(GError) error = NULL;
    TkeCardErrorInfo info = { 0 };
    SimGpState manager;

    sim_card_get_manager(sim, &manager);
    set_keys(&manager, 16);
    ck_assert(sim_card_set_manager(sim, &manager));
    card = card_world_insert(world, sim, 1);
    scp = open_with(card, keys, &error);
    ck_assert_msg(scp != NULL, "%s", error != NULL ? error->message : "");
    ck_assert(!tke_gp_registry_put_keys(scp, fresh, 0, &error));
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_uint_eq(info.sw, 0x9485);
    ck_assert_ptr_nonnull(info.remedy);
    ck_assert_msg(strstr(info.remedy, "“dek”") != NULL, "%s", info.remedy);
    sim_card_get_manager(sim, &manager);
    ck_assert_uint_ne(manager.sets[0].version, 0x30);
}
END_TEST

START_TEST(test_settings_that_are_none_are_told_before_anything_is_done)
{
    static const char *const texts[] = {
        "{\"card_keys\":\"lot.keys\"}",
        "{\"card_keys\":[\"lot.keys\"]}",
        "{\"card_keys\":[{\"atr\":\"3b\"}]}",
        "{\"card_keys\":[{\"atr\":7,\"file\":\"x\"}]}",
        "{\"card_keys\":[{\"file\":\"missing.keys\"}]}",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
        g_autofree char *settings = g_build_filename(world->dir, "settings.json", NULL);
        g_autoptr(GError) error = NULL;

        ck_assert(g_file_set_contents(settings, texts[i], -1, NULL));
        ceremony_world_blank(world, "new", SIM_CARD_BLANK);
        ceremony_world_hand(world, 1, "new", NULL);
        ck_assert(!create_zone(world, &error));
        ck_assert_msg(strstr(error->message, "settings.json") != NULL ||
                          strstr(error->message, "missing.keys") != NULL,
                      "%s", error->message);
        ck_assert_int_eq(ceremony_world_info(world, "new").kind, SIM_CARD_BLANK);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_refused_keys_are_not_tried_again_and_used_cards_are_kept);
    tcase_add_test(tests, test_the_settings_name_the_issuer_keys_of_a_lot);
    tcase_add_test(tests, test_every_kind_of_channel_loads_an_applet);
    tcase_add_loop_test(tests, test_new_issuer_keys_open_the_card_and_the_old_ones_do_not, 0, 4);
    tcase_add_loop_test(tests, test_keys_that_are_mixed_up_are_told, 0, 7);
    tcase_add_test(tests, test_a_corrected_enc_key_is_tried);
    tcase_add_test(tests, test_new_keys_under_a_wrong_data_key_are_told);
    tcase_add_test(tests, test_settings_that_are_none_are_told_before_anything_is_done);
}

int
main(void)
{
    return test_main("card-keys", add_tests);
}
