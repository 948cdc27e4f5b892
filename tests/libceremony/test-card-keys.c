/*
 * Issuer keys of blank cards: which are tried, and that they are tried once.
 */
#include <string.h>
#include <sys/stat.h>

#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/gp-registry.h"
#include "libsmartcard/gp-scp.h"
#include "simulator/sim-gp-state.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/key-set-text.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static SimCard *
card_of(CeremonyWorld *world, const char *name)
{
    SimCard *card = g_hash_table_lookup(world->by_name, name);

    ck_assert_ptr_nonnull(card);
    return card;
}

static SimCardInfo
info_of(CeremonyWorld *world, const char *name)
{
    SimCardInfo info;

    sim_card_get_info(card_of(world, name), &info);
    return info;
}

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
        sim_card_set_trait(card_of(world, "member"), SIM_CARD_OTHER_KEYS, 0);
        ceremony_world_hand(world, 1, "member", NULL);
        ck_assert(!create_zone(world, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
        ck_assert_msg(strstr(error->message, "the card is as it was") != NULL, "%s",
                      error->message);
        sim_card_get_manager(card_of(world, "member"), &before);
        g_clear_error(&error);
        ceremony_world_restart(world);
        ceremony_world_hand(world, 1, "member", NULL);
        ck_assert(!create_zone(world, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
        ck_assert_msg(strstr(error->message, "before; it is not tried again") != NULL, "%s",
                      error->message);
        sim_card_get_manager(card_of(world, "member"), &after);
        ck_assert_uint_eq(before.sets[0].tries, after.sets[0].tries);
        ck_assert_uint_eq(before.sets[0].sequence, after.sets[0].sequence);
        ck_assert_uint_eq(info_of(world, "member").parts, 1);
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

#define AES_256_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define AES_256_FILE                                                                               \
    "enc = " AES_256_KEY "\nmac = " AES_256_KEY "\ndek = " AES_256_KEY                             \
    "\nversion = 21\nprotocol = 03\nlevel = 33\n"

START_TEST(test_the_settings_name_the_issuer_keys_of_a_lot)
    {
        g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
        g_autoptr(GError) error = NULL;
        SimGpState manager;

        ceremony_world_blank(world, "new", SIM_CARD_BLANK);
        sim_card_get_manager(card_of(world, "new"), &manager);
        manager.option = 0x60;
        manager.sets[0].version = 0x21;
        manager.sets[0].key_len = 32;
        for (unsigned i = 0; i < 32; i++) {
            for (unsigned key = 0; key < SIM_GP_KEYS; key++) {
                manager.sets[0].keys[key][i] = (uint8_t) i;
            }
        }
        ck_assert(sim_card_set_manager(card_of(world, "new"), &manager));
        write_settings(world, "\"atr\":\"3b\",", AES_256_FILE);
        ceremony_world_hand(world, 1, "new", NULL);
        card_world_check(create_zone(world, &error), error);
        ck_assert_int_eq(info_of(world, "new").kind, SIM_CARD_CA);
    }
END_TEST

START_TEST(test_every_kind_of_channel_loads_an_applet)
    {
        static const struct {
            uint8_t scp, option;
            unsigned key_len;
            const char *level;
        } cases[] = {
            { 3, 0x00, 16, "03" }, { 3, 0x10, 24, "03" }, { 3, 0x30, 32, "13" },
            { 3, 0x60, 16, "33" }, { 3, 0x70, 24, "33" }, { 3, 0x70, 16, "01" },
            { 3, 0x70, 16, "11" }, { 2, 0x15, 16, "03" }, { 2, 0x55, 16, "03" },
            { 2, 0x55, 16, "01" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
            g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
            g_autofree char *key = g_strndup(AES_256_KEY, 2 * cases[i].key_len);
            g_autofree char *file =
                g_strdup_printf("enc = %s\nmac = %s\ndek = %s\nlevel = %s\nprotocol = 0%u\n", key,
                                key, key, cases[i].level, cases[i].scp);
            g_autoptr(GError) error = NULL;
            SimGpState manager;

            ceremony_world_blank(world, "new", SIM_CARD_BLANK);
            sim_card_get_manager(card_of(world, "new"), &manager);
            manager.scp = cases[i].scp;
            manager.option = cases[i].option;
            manager.sets[0].key_len = (uint8_t) cases[i].key_len;
            for (unsigned j = 0; j < cases[i].key_len; j++) {
                for (unsigned k = 0; k < SIM_GP_KEYS; k++) {
                    manager.sets[0].keys[k][j] = (uint8_t) j;
                }
            }
            ck_assert(sim_card_set_manager(card_of(world, "new"), &manager));
            write_settings(world, "", file);
            ceremony_world_hand(world, 1, "new", NULL);
            ck_assert_msg(create_zone(world, &error), "SCP%02u i=%02X level %s: %s", cases[i].scp,
                          cases[i].option, cases[i].level,
                          error != NULL ? error->message : "");
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

/* PUT KEY has no command of its own (docs/hardware.md); the library's and the card's side meet here. */
START_TEST(test_new_issuer_keys_open_the_card_and_the_old_ones_do_not)
    {
        static const struct {
            uint8_t scp, option;
            const char *key;
        } cases[] = {
            { 3, 0x70, "000102030405060708090a0b0c0d0e0f" },
            { 3, 0x10, "000102030405060708090a0b0c0d0e0f1011121314151617" },
            { 3, 0x60, AES_256_KEY },
            { 2, 0x55, "000102030405060708090a0b0c0d0e0f" },
        };
        g_autoptr(CardWorld) world = card_world_new(20);
        g_autofree char *name = g_strdup_printf("blank-%d", _i);
        SimCard *sim = card_world_make_card(world, name, SIM_CARD_BLANK);
        g_autoptr(TkeGpKeySet) old = tke_gp_key_set_new_default(NULL);
        g_autoptr(TkeGpKeySet) fresh =
            key_set_of(cases[_i].key, cases[_i].key, cases[_i].key, "version = 30");
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
            ck_assert_int_eq(info_of(world, "new").kind, SIM_CARD_BLANK);
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
    tcase_add_test(tests, test_settings_that_are_none_are_told_before_anything_is_done);
}

int
main(void)
{
    return test_main("card-keys", add_tests);
}
