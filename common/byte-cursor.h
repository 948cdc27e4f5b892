/*
 * TkeByteCursor: bounded reader; every parser of foreign bytes goes through it.
 *
 * A cursor borrows the bytes. Each read returns false, and moves nothing, when too few bytes are
 * left; outputs are written only on success. All integers are big-endian.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

typedef struct TkeByteCursor {
    const uint8_t *data;
    size_t len; /* bytes in data */
    size_t pos; /* next byte to read, <= len */
} TkeByteCursor;

TKE_PUBLIC TkeByteCursor tke_byte_cursor(const uint8_t *data, size_t len);

TKE_PUBLIC size_t tke_byte_cursor_left(const TkeByteCursor *cursor);
/* next byte; not past the end */
TKE_PUBLIC const uint8_t *tke_byte_cursor_peek(const TkeByteCursor *cursor);
TKE_PUBLIC bool tke_byte_cursor_u8(TkeByteCursor *cursor, uint8_t *value);
TKE_PUBLIC bool tke_byte_cursor_u16(TkeByteCursor *cursor, uint16_t *value);
TKE_PUBLIC bool tke_byte_cursor_u32(TkeByteCursor *cursor, uint32_t *value);
TKE_PUBLIC bool tke_byte_cursor_skip(TkeByteCursor *cursor, size_t len);

/* A borrowed view of the next len bytes. */
TKE_PUBLIC bool tke_byte_cursor_bytes(TkeByteCursor *cursor, size_t len, const uint8_t **bytes);

/* The next len bytes copied to out. */
TKE_PUBLIC bool tke_byte_cursor_copy(TkeByteCursor *cursor, uint8_t *out, size_t len);

/* The next len bytes as a cursor of their own. */
TKE_PUBLIC bool tke_byte_cursor_sub(TkeByteCursor *cursor, size_t len, TkeByteCursor *sub);
