/*
 * TkeByteBuilder: writer with a sticky failure flag.
 *
 * Two kinds: bounded, over the caller's buffer (set out and size, the rest zero), and growing,
 * into a GByteArray of the caller (tke_byte_builder_into). Once a write does not fit, failed is
 * set and every further write does nothing; check it once at the end. All integers are big-endian.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

typedef struct TkeByteBuilder {
    uint8_t *out;      /* bounded: the buffer; growing: NULL */
    size_t size;       /* bounded: its size; growing: the most bytes the array may get */
    size_t len;        /* bytes written by this builder so far */
    bool failed;       /* something did not fit */
    GByteArray *array; /* growing: appended to; borrowed */
} TkeByteBuilder;

/* A growing builder that appends to array and lets it grow by at most max bytes. */
TKE_PUBLIC TkeByteBuilder tke_byte_builder_into(GByteArray *array, size_t max);

TKE_PUBLIC void tke_byte_builder_u8(TkeByteBuilder *builder, uint8_t value);
TKE_PUBLIC void tke_byte_builder_u16(TkeByteBuilder *builder, uint16_t value);
TKE_PUBLIC void tke_byte_builder_u32(TkeByteBuilder *builder, uint32_t value);
TKE_PUBLIC void tke_byte_builder_bytes(TkeByteBuilder *builder, const uint8_t *bytes, size_t len);
/* without the NUL */
TKE_PUBLIC void tke_byte_builder_text(TkeByteBuilder *builder, const char *text);
TKE_PUBLIC void tke_byte_builder_fill(TkeByteBuilder *builder, uint8_t value, size_t count);
