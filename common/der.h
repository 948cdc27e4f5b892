/*
 * DER as administrative messages use it (X.690): single-byte tags, definite lengths.
 *
 * Reading accepts length forms of 1 to 5 bytes, minimal or not, because crypto units send them;
 * indefinite lengths, tag numbers above 30 and lengths beyond the data are refused. Writing is
 * minimal.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "common/public.h"

#define TKE_DER_INTEGER 0x02
#define TKE_DER_BIT_STRING 0x03
#define TKE_DER_OCTET_STRING 0x04
#define TKE_DER_NULL 0x05
#define TKE_DER_OID 0x06
#define TKE_DER_SEQUENCE 0x30
#define TKE_DER_SET 0x31

/* Reads one element whatever its tag; value covers its content. The cursor stays on failure. */
TKE_PUBLIC bool tke_der_read_any(TkeByteCursor *cursor, uint8_t *tag, TkeByteCursor *value);

/* Reads one element that must have this tag. */
TKE_PUBLIC bool tke_der_read(TkeByteCursor *cursor, uint8_t tag, TkeByteCursor *value);

/* The same with the whole element, header included, as a view (what signatures cover). */
TKE_PUBLIC bool tke_der_read_whole(TkeByteCursor *cursor, uint8_t tag, TkeByteCursor *whole,
                                   TkeByteCursor *value);

/* An element of this tag with exactly len bytes of content, copied to out. */
TKE_PUBLIC bool tke_der_read_exact(TkeByteCursor *cursor, uint8_t tag, uint8_t *out, size_t len);

/* An OCTET STRING of exactly four bytes, as a number. */
TKE_PUBLIC bool tke_der_read_octet_u32(TkeByteCursor *cursor, uint32_t *value);

/* True if the next element has this tag; reads nothing. */
TKE_PUBLIC bool tke_der_next_is(const TkeByteCursor *cursor, uint8_t tag);

/* Writes tag and minimal length, or a whole element. */
TKE_PUBLIC void tke_der_header(TkeByteBuilder *builder, uint8_t tag, size_t len);
TKE_PUBLIC void tke_der_element(TkeByteBuilder *builder, uint8_t tag, const uint8_t *value,
                                size_t len);
TKE_PUBLIC void tke_der_octet_u32(TkeByteBuilder *builder, uint32_t value);

/* Length of a whole element with len bytes of content. */
TKE_PUBLIC size_t tke_der_size(size_t len);
