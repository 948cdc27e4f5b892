/*
 * The insides of the scripted service.
 */
#pragma once

#include "common/byte-cursor.h"
#include "tests/libep11admin/fake-units.h"

struct FakeUnits {
    GPtrArray *units; /* of FakeUnit */
    unsigned n_recovery;
    TkeModuleRoots *roots;
    EVP_PKEY *root, *other_root, *other;
};

/* A request of a client, its block taken apart. */
typedef struct FakeAsked {
    bool is_info;
    uint32_t command;
    TkeByteCursor counter;
    TkeByteCursor payload;
} FakeAsked;

/* Runs query or command; output is appended to, the return code of the answer returned. */
uint32_t fake_unit_run(FakeUnit *unit, const FakeAsked *asked, GByteArray *out);
