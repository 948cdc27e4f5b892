/*
 * Hostile card managers in a whole session: what is told without keys, the secure channel, and
 * under it registry, deletion, new keys and loading (card-protocol.md, 1). The first byte chooses
 * the security level; then follow the answers, each with two bytes of length. What is refused is
 * passed over, so that each part is reached.
 */
#include "libsmartcard/cap-file.h"
#include "libsmartcard/gp-loader.h"
#include "libsmartcard/gp-registry.h"
#include "libsmartcard/gp-scp-private.h"
#include "tests/fuzz/card-script.h"

#define KEY "404142434445464748494a4b4c4d4e4f"

static TkeGpKeySet *
keys_of_level(uint8_t choice)
{
    static const char *const levels[] = { "03", "33", "11", "01" };
    g_autofree char *text =
        g_strdup_printf("enc = " KEY "\nmac = " KEY "\ndek = " KEY "\nlevel = %s\n",
                        levels[choice % G_N_ELEMENTS(levels)]);
    g_autoptr(TkeSecret) secret = tke_secret_new_from((const uint8_t *) text, strlen(text), NULL);
    TkeGpKeySet *keys = secret != NULL ? tke_gp_key_set_parse(secret, "keys", NULL) : NULL;

    FUZZ_REQUIRE(keys != NULL);
    return keys;
}

/* One that can be loaded, the same for every input. */
static const TkeCapFile *
applet_file(void)
{
    static TkeCapFile *cap;

    if (cap == NULL) {
        cap = tke_cap_file_load(FUZZ_CORPUS "/cap-file/stored", NULL);
        FUZZ_REQUIRE(cap != NULL);
    }
    return cap;
}

static void
check_data(const TkeGpCardData *data)
{
    FUZZ_REQUIRE(!data->has_aid ||
                 (data->aid.len >= TKE_GP_AID_MIN && data->aid.len <= TKE_GP_AID_MAX));
    FUZZ_REQUIRE(data->n_channels <= TKE_GP_CHANNELS_MAX);
    FUZZ_REQUIRE(data->n_keys <= TKE_GP_KEY_INFOS_MAX);
    FUZZ_REQUIRE(data->version[sizeof data->version - 1] == '\0');
}

static void
work(TkeGpScp *scp, const TkeGpKeySet *keys)
{
    g_autoptr(TkeGpRegistry) registry = tke_gp_registry_query(scp, NULL);
    bool found = false;
    uint32_t free_bytes = 0;

    if (registry != NULL) {
        (void) tke_gp_registry_has_package(registry, &tke_gp_aid_package);
        FUZZ_REQUIRE(tke_gp_registry_life_cycle_text(registry->card_life_cycle) != NULL);
    }
    (void) tke_gp_registry_query_free(scp, &found, &free_bytes, NULL);
    (void) tke_gp_registry_delete(scp, &tke_gp_aid_package, &found, NULL);
    (void) tke_gp_loader_install(scp, applet_file(), &tke_gp_aid_ep11, NULL, NULL, NULL, NULL);
    (void) tke_gp_registry_put_keys(scp, keys, 0, NULL);
}

static void
run_session(TkeCard *card, uint8_t choice)
{
    g_autoptr(TkeGpKeySet) keys = keys_of_level(choice);
    g_autoptr(TkeGpScp) scp = NULL;
    TkeGpCardData told = { 0 };
    g_autoptr(GError) error = NULL;

    if (tke_gp_registry_select(card, &told, &error) &&
        tke_gp_registry_query_data(card, &told, &error)) {
        check_data(&told);
        scp = tke_gp_scp_open(card, keys, NULL, &error);
    }
    FUZZ_REQUIRE((scp != NULL) == (error == NULL));
    if (scp != NULL) {
        FUZZ_REQUIRE(tke_gp_scp_get_room(scp) < TKE_GP_DATA_MAX);
        work(scp, keys);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeByteCursor script = tke_byte_cursor(data, size);
    CardScript manager = card_script(&script);
    g_autoptr(TkeCard) card = NULL;
    uint8_t choice = 0;

    if (!tke_secret_heap_init(NULL) || !tke_byte_cursor_u8(&script, &choice)) {
        return 0;
    }
    (void) applet_file(); /* before nothing is random any more */
    card_script_draw_always_the_same();
    tke_gp_scp_forget_refusals();
    card = tke_card_new(&manager.base, 1, "manager");
    run_session(card, choice);
    return 0;
}
