/*
 * The command that a connection through PC/SC is to send: in locked memory, as it may be secret.
 */
#include <string.h>

#include "libsmartcard/pcsc-transport-link.h"

bool
tke_pcsc_link_set_command(TkePcscLink *link, const uint8_t *command, size_t len, GError **error)
{
    g_clear_pointer(&link->ordinary, g_byte_array_unref);
    link->command_len = len;
    if (len > TKE_PCSC_LOCKED_MAX) {
        link->ordinary = g_byte_array_new();
        g_byte_array_append(link->ordinary, command, (guint) len);
        return true;
    }
    if (len > 0 && (link->locked == NULL || tke_secret_len(link->locked) < len)) {
        tke_secret_free(link->locked);
        link->locked = tke_secret_new(len, error);
        if (link->locked == NULL) {
            link->command_len = 0;
            return false;
        }
    }
    if (len > 0) {
        memcpy(tke_secret_fill(link->locked, NULL), command, len);
    }
    return true;
}

const uint8_t *
tke_pcsc_link_get_command(const TkePcscLink *link)
{
    if (link->command_len == 0) {
        return NULL;
    }
    return link->ordinary != NULL ? link->ordinary->data : tke_secret_bytes(link->locked, NULL);
}

void
tke_pcsc_link_wipe_command(TkePcscLink *link)
{
    if (link->locked != NULL) {
        size_t len = 0;
        uint8_t *bytes = tke_secret_fill(link->locked, &len);

        memset(bytes, 0, len);
    }
    link->command_len = 0;
}
