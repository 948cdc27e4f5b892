/*
 * The components of a CAP file: what is in them (Java Card Virtual Machine specification 2.2.2,
 * chapter 6). Not installed.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsmartcard/cap-file.h"

#define COMPONENT(file, name, tag, must, loaded, source) TKE_CAP_COMPONENT_##name,
typedef enum {
#include "libsmartcard/cap-component.inc"
    TKE_CAP_COMPONENTS
} TkeCapComponent;
#undef COMPONENT

typedef struct TkeCapComponentRow {
    const char *file; /* without ".cap" */
    uint8_t tag;
    bool must;
    bool loaded;
} TkeCapComponentRow;

const TkeCapComponentRow *tke_cap_component_get(TkeCapComponent component);

/* What components say of the package. */
typedef struct TkeCapPackage {
    TkeGpAid aid;
    uint8_t major, minor;
    char name[256]; /* "" if it is not told */
    unsigned n_applets;
    TkeGpAid applets[TKE_CAP_FILE_APPLETS_MAX];
} TkeCapPackage;

/*
 * Checks the components (NULL: not there) against the specification and each other. On failure why
 * gets a text, which the caller frees.
 */
bool tke_cap_component_check(GByteArray *const components[static TKE_CAP_COMPONENTS],
                             TkeCapPackage *package, char **why);
