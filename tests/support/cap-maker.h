/*
 * Applet files for tests, written without the code under test: a ZIP of stored entries, right or
 * wrong in every way that is wanted. The components hold nothing that could run.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct CapEntry {
    char *name; /* in the ZIP */
    GByteArray *data;
    uint32_t claimed_size; /* what the ZIP says; 0: the truth */
    uint16_t method;       /* 0: stored */
    uint16_t flags;        /* bit 0: encrypted */
    uint32_t spoil_crc;    /* is added to the checksum */
} CapEntry;

typedef struct CapMaker {
    char *folder; /* "opentke/applets/javacard/" */
    GPtrArray *entries;
} CapMaker;

/* A right file: our package, version 1.0, name as given (NULL: none), both applets, code_len bytes
 * in Method. */
CapMaker *cap_maker_new(const char *package_name, unsigned code_len);
void cap_maker_free(CapMaker *maker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CapMaker, cap_maker_free)

/* The entry of a component ("Header"); NULL if it was removed. */
CapEntry *cap_maker_get(CapMaker *maker, const char *component);

/* Replaces the bytes behind tag and size of a component, which become right; hex text. */
void cap_maker_set_info(CapMaker *maker, const char *component, const char *hex);

void cap_maker_remove(CapMaker *maker, const char *component);

/* Any further entry. */
CapEntry *cap_maker_add(CapMaker *maker, const char *name, const uint8_t *data, size_t len);

/* Makes the Directory say how large the components are now. */
void cap_maker_fix_directory(CapMaker *maker);

/* The ZIP. */
GByteArray *cap_maker_build(const CapMaker *maker);

/* The components in loading order, as a card must get them. */
GByteArray *cap_maker_load_file(CapMaker *maker);
