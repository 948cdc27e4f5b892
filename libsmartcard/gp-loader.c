/*
 * Loading and installing an applet (GlobalPlatform 2.3, 11.5 and 11.6; card-protocol.md, 1).
 */
#include "libsmartcard/gp-loader.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/gp-registry.h"

#define INS_INSTALL 0xE6u
#define INS_LOAD 0xE8u
#define FOR_LOAD 0x02u
#define FOR_INSTALL_AND_SELECTION 0x0Cu
#define LAST_BLOCK 0x80u
#define BLOCKS_MAX 256u
#define TAG_LOAD_FILE 0xC4u
#define TAG_PARAMETERS 0xC9u
#define FIELDS_MAX 64u
#define MEMORY_FACTOR 2u
#define LEVEL (TKE_GP_LEVEL_C_MAC | TKE_GP_LEVEL_C_DEC)

size_t
tke_gp_loader_memory(const TkeCapFile *cap)
{
    size_t len = 0;

    tke_cap_file_get_load_file(cap, &len);
    return MEMORY_FACTOR * len;
}

static void
put_counted(TkeByteBuilder *b, const uint8_t *bytes, size_t len)
{
    tke_byte_builder_u8(b, (uint8_t) len);
    tke_byte_builder_bytes(b, bytes, len);
}

/* A command whose answer holds at most the length of a receipt that is not there. */
static bool
command(TkeGpScp *scp, const TkeApdu *apdu, const char *what, GError **error)
{
    TkeCardAnswer answer;

    if (!tke_gp_scp_command(scp, apdu, what, &answer, error)) {
        return false;
    }
    if (answer.len > 1 || (answer.len == 1 && answer.data[0] != 0)) {
        tke_card_set_protocol_error(tke_gp_scp_get_card(scp), what, error);
        return false;
    }
    return true;
}

/* Package, no security domain, hash, parameters or token. */
static bool
install_for_load(TkeGpScp *scp, const TkeGpAid *package, GError **error)
{
    uint8_t fields[FIELDS_MAX];
    TkeByteBuilder b = { .out = fields, .size = sizeof fields };
    TkeApdu apdu = {
        .cla = TKE_CLA_OWN, .ins = INS_INSTALL, .p1 = FOR_LOAD, .data = fields, .has_answer = true
    };

    put_counted(&b, package->bytes, package->len);
    tke_byte_builder_fill(&b, 0, 4);
    g_assert(!b.failed);
    apdu.data_len = b.len;
    return command(scp, &apdu, _("preparing the card for the applet"), error);
}

/* Package, class, instance, privileges 00, parameters C9 00, no token. */
static bool
install_applet(TkeGpScp *scp, const TkeGpAid *package, const TkeGpAid *applet, GError **error)
{
    uint8_t fields[FIELDS_MAX];
    TkeByteBuilder b = { .out = fields, .size = sizeof fields };
    TkeApdu apdu = { .cla = TKE_CLA_OWN,
                     .ins = INS_INSTALL,
                     .p1 = FOR_INSTALL_AND_SELECTION,
                     .data = fields,
                     .has_answer = true };

    put_counted(&b, package->bytes, package->len);
    put_counted(&b, applet->bytes, applet->len);
    put_counted(&b, applet->bytes, applet->len);
    put_counted(&b, (const uint8_t[]){ 0 }, 1);
    put_counted(&b, (const uint8_t[]){ TAG_PARAMETERS, 0 }, 2);
    tke_byte_builder_u8(&b, 0);
    g_assert(!b.failed);
    apdu.data_len = b.len;
    return command(scp, &apdu, _("installing the applet"), error);
}

/* The load file with its tag and length, which is what the blocks are cut from. */
static GByteArray *
load_object(const TkeCapFile *cap)
{
    GByteArray *object = g_byte_array_new();
    size_t len = 0;
    const uint8_t *load_file = tke_cap_file_get_load_file(cap, &len);
    TkeByteBuilder b = tke_byte_builder_into(object, TKE_CAP_FILE_LOAD_MAX + 4);

    tke_tlv_object(&b, TAG_LOAD_FILE, load_file, len);
    g_assert(!b.failed);
    return object;
}

static bool
load(TkeGpScp *scp, const TkeCapFile *cap, TkeGpProgress progress, void *data, GError **error)
{
    g_autoptr(GByteArray) object = load_object(cap);
    const size_t room = tke_gp_scp_get_room(scp);
    unsigned block = 0;

    if (object->len > BLOCKS_MAX * room) {
        return tke_card_fail(tke_gp_scp_get_card(scp), error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE,
                                         _("the applet has %u bytes; more than %zu cannot be "
                                           "loaded"),
                                         object->len, BLOCKS_MAX * room));
    }
    for (size_t done = 0; done < object->len; block++) {
        const size_t len = MIN(room, object->len - done);
        const bool last = done + len == object->len;
        const TkeApdu apdu = { .cla = TKE_CLA_OWN,
                               .ins = INS_LOAD,
                               .p1 = (uint8_t) (last ? LAST_BLOCK : 0),
                               .p2 = (uint8_t) block,
                               .data = object->data + done,
                               .data_len = len,
                               .has_answer = true };

        if (!command(scp, &apdu, _("loading the applet"), error)) {
            return false;
        }
        done += len;
        if (progress != NULL) {
            progress(data, done, object->len);
        }
    }
    return true;
}

/* A card that has said no has done nothing. */
static bool
is_refused(const GError *why)
{
    TkeCardErrorInfo info;

    return tke_card_error_get_info(why, &info) && info.sw != 0;
}

/* Takes off what there is of the package; of a card that has gone why tells. */
static void
clean_up(TkeGpScp *scp, const TkeGpAid *package, const GError *why, GError **left)
{
    TkeCard *card = tke_gp_scp_get_card(scp);
    g_autoptr(GCancellable) cancellable = NULL;
    bool found = false;

    if (tke_card_error_is_outcome_unknown(why) &&
        tke_card_error_code(why) != TKE_CARD_ERROR_PROTOCOL) {
        return;
    }
    g_set_object(&cancellable, tke_card_get_cancellable(card));
    tke_card_set_cancellable(card, NULL);
    tke_gp_registry_delete(scp, package, &found, left);
    tke_card_set_cancellable(card, cancellable);
}

/* Loading takes C-MAC and C-DECRYPTION (card-protocol.md, section 1). */
static bool
check_level(TkeGpScp *scp, GError **error)
{
    const uint8_t level = tke_gp_scp_get_info(scp)->level;

    if ((level & LEVEL) == LEVEL) {
        return true;
    }
    return tke_card_fail(tke_gp_scp_get_card(scp), error,
                         g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
                                     _("an applet is loaded with encrypted commands only, and the "
                                       "channel to the card has level "
                                       "%02X"),
                                     level));
}

bool
tke_gp_loader_install(TkeGpScp *scp, const TkeCapFile *cap, const TkeGpAid *applet,
                      TkeGpProgress progress, void *data, GError **left, GError **error)
{
    const TkeGpAid *package = tke_cap_file_get_package(cap);
    g_autoptr(GError) inner = NULL;
    bool found = false;

    if (!check_level(scp, error) || !tke_gp_registry_delete(scp, package, &found, error)) {
        return false;
    }
    if (!install_for_load(scp, package, &inner)) {
        clean_up(scp, package, inner, is_refused(inner) ? NULL : left);
    } else if (!load(scp, cap, progress, data, &inner) ||
               !install_applet(scp, package, applet, &inner)) {
        clean_up(scp, package, inner, left);
    } else {
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&inner));
    return false;
}
