/*
 * Application identifiers; ours are those of card-protocol.md, section 1.
 */
#include "libsmartcard/gp-aid.h"

#include <string.h>

#include "common/hex.h"

#define OURS(last)                                                                                 \
    {                                                                                              \
        .bytes = { 0xF0, 0x4F, 0x54, 0x4B, 0x45, 0x01, (last) }, .len = 7,                         \
    }

const TkeGpAid tke_gp_aid_package = OURS(0x00);
const TkeGpAid tke_gp_aid_ca = OURS(0x01);
const TkeGpAid tke_gp_aid_ep11 = OURS(0x02);

bool
tke_gp_aid_equal(const TkeGpAid *a, const TkeGpAid *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

bool
tke_gp_aid_read(TkeByteCursor *cursor, TkeGpAid *aid)
{
    TkeGpAid read = { .len = tke_byte_cursor_left(cursor) };

    if (read.len < TKE_GP_AID_MIN || read.len > TKE_GP_AID_MAX ||
        !tke_byte_cursor_copy(cursor, read.bytes, read.len)) {
        return false;
    }
    *aid = read;
    return true;
}

bool
tke_gp_aid_read_counted(TkeByteCursor *cursor, TkeGpAid *aid)
{
    TkeByteCursor copy = *cursor;
    TkeByteCursor bytes = { 0 };
    uint8_t len = 0;

    if (!tke_byte_cursor_u8(&copy, &len) || !tke_byte_cursor_sub(&copy, len, &bytes) ||
        !tke_gp_aid_read(&bytes, aid)) {
        return false;
    }
    *cursor = copy;
    return true;
}

char *
tke_gp_aid_text(const TkeGpAid *aid)
{
    return tke_hex_encode_upper(aid->bytes, aid->len);
}
