/*
 * BER-TLV as cards use it: tags of one or two bytes, lengths minimal in one to three bytes
 * (card-protocol.md, section 2; ISO 7816-4, 5.2.2).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "common/public.h"

/*
 * Reads one object whatever its tag. False when it is cut short or its length not minimal, or its
 * tag longer than two bytes; the cursor stays.
 */
TKE_PUBLIC bool tke_tlv_read_any(TkeByteCursor *cursor, uint16_t *tag, TkeByteCursor *value);

/* Reads one object that must have this tag. */
TKE_PUBLIC bool tke_tlv_read(TkeByteCursor *cursor, uint16_t tag, TkeByteCursor *value);

/* The same for a value of known length, which is copied. */
TKE_PUBLIC bool tke_tlv_read_exact(TkeByteCursor *cursor, uint16_t tag, uint8_t *out, size_t len);

/* True if the next object has this tag; reads nothing. */
TKE_PUBLIC bool tke_tlv_next_is(const TkeByteCursor *cursor, uint16_t tag);

/* Writes tag and minimal length, or a whole object. Values of more than 65535 bytes set failed. */
TKE_PUBLIC void tke_tlv_header(TkeByteBuilder *builder, uint16_t tag, size_t len);
TKE_PUBLIC void tke_tlv_object(TkeByteBuilder *builder, uint16_t tag, const uint8_t *value,
                               size_t len);

/* Length of a whole object with a value of len bytes. */
TKE_PUBLIC size_t tke_tlv_size(uint16_t tag, size_t len);
