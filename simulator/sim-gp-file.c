/*
 * Load files: the components of a CAP file one after the other (Java Card 3.0.4 Virtual Machine
 * Specification, 4.11 and 6; GlobalPlatform Card Specification 2.3, C.2). A virtual card runs none
 * of it, but takes only what a real one could: components in the order of installation, sizes that
 * add up, the package it is told.
 */
#include <string.h>

#include "simulator/sim-card-private.h"

#define MAGIC 0xDECAFFEDu
#define HEADER_TAG 1u

/* Tags in the order in which a card wants them, and whether a package may do without. */
static const struct {
    uint8_t tag;
    bool optional;
} order[] = {
    { HEADER_TAG, false }, { 2, false }, /* Directory */
    { 4, false },                        /* Import */
    { 3, true },                         /* Applet */
    { 6, false },                        /* Class */
    { 7, false },                        /* Method */
    { 8, false },                        /* StaticField */
    { 10, true },                        /* Export */
    { 5, false },                        /* ConstantPool */
    { 9, false },                        /* RefLocation */
    { 11, true },                        /* Descriptor */
};

static bool
is_our_header(TkeByteCursor content)
{
    TkeByteCursor aid = { 0 };
    uint32_t magic = 0;
    uint8_t aid_len = 0;

    return tke_byte_cursor_u32(&content, &magic) && magic == MAGIC &&
           tke_byte_cursor_skip(&content, 5) && /* format, flags, version of the package */
           tke_byte_cursor_u8(&content, &aid_len) && tke_byte_cursor_sub(&content, aid_len, &aid) &&
           sim_gp_is_aid(aid, SIM_GP_PACKAGE);
}

bool
sim_gp_file_is_valid(const uint8_t *bytes, size_t len)
{
    TkeByteCursor file = tke_byte_cursor(bytes, len);
    size_t at = 0;

    while (tke_byte_cursor_left(&file) > 0) {
        TkeByteCursor content = { 0 };
        uint16_t size = 0;
        uint8_t tag = 0;

        if (!tke_byte_cursor_u8(&file, &tag) || !tke_byte_cursor_u16(&file, &size) ||
            !tke_byte_cursor_sub(&file, size, &content)) {
            return false;
        }
        while (at < G_N_ELEMENTS(order) && order[at].tag != tag) {
            if (!order[at].optional) {
                return false;
            }
            at++;
        }
        if (at == G_N_ELEMENTS(order) || (tag == HEADER_TAG && !is_our_header(content))) {
            return false;
        }
        at++;
    }
    while (at < G_N_ELEMENTS(order) && order[at].optional) {
        at++;
    }
    return at == G_N_ELEMENTS(order);
}
