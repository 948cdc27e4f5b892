/*
 * TkeCapFile: an applet file (CAP, compact format: a ZIP or JAR with one package of Java Card),
 * read into the load file that a card takes.
 *
 * The bytes come from a disk and may be anything: sizes are limited before something is inflated,
 * names are only compared and never used as paths, and what is sent to a card has the form that
 * the format demands. Whether the code in it is good is for the card's maker and the reviewers of
 * a release.
 *
 * Errors name the file and say what to do: TKE_ERROR_FILE when it cannot be read,
 * TKE_ERROR_INVALID_DATA when it is no applet file of ours.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libsmartcard/gp-aid.h"

#define TKE_CAP_FILE_MAX 1048576u     /* bytes of the ZIP */
#define TKE_CAP_FILE_ENTRIES_MAX 512u /* in the ZIP */
#define TKE_CAP_FILE_LOAD_MAX 65535u  /* bytes of all components that are loaded */
#define TKE_CAP_FILE_APPLETS_MAX 16u

/* Name of the package in the file of a release, which alone is loaded onto real cards. */
#define TKE_CAP_FILE_PACKAGE "opentke/applets"

/* Name of the package in the file that rehearsals load; it must not get onto a real card. */
#define TKE_CAP_FILE_REHEARSAL "opentke/rehearsal"

typedef struct TkeCapFile TkeCapFile;

/* The file at this path, or its bytes, which name stands for in errors. */
TKE_PUBLIC TkeCapFile *tke_cap_file_load(const char *path, GError **error);
TKE_PUBLIC TkeCapFile *tke_cap_file_new(const uint8_t *data, size_t len, const char *name,
                                        GError **error);
TKE_PUBLIC void tke_cap_file_free(TkeCapFile *cap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCapFile, tke_cap_file_free)

/* Components in loading order: Header, Directory, Import, Applet, Class, Method, StaticField,
 * Export, ConstantPool, RefLocation. Borrowed. */
TKE_PUBLIC const uint8_t *tke_cap_file_get_load_file(const TkeCapFile *cap, size_t *len);

TKE_PUBLIC const TkeGpAid *tke_cap_file_get_package(const TkeCapFile *cap);
TKE_PUBLIC void tke_cap_file_get_version(const TkeCapFile *cap, unsigned *major, unsigned *minor);

/* "opentke/applets"; "" where the file does not tell. Printable ASCII. */
TKE_PUBLIC const char *tke_cap_file_get_package_name(const TkeCapFile *cap);

TKE_PUBLIC unsigned tke_cap_file_get_n_applets(const TkeCapFile *cap);
TKE_PUBLIC const TkeGpAid *tke_cap_file_get_applet(const TkeCapFile *cap, unsigned index);

/* The package is ours and holds both our applets. */
TKE_PUBLIC bool tke_cap_file_check_ours(const TkeCapFile *cap, GError **error);

/* Made for rehearsals. */
TKE_PUBLIC bool tke_cap_file_is_rehearsal(const TkeCapFile *cap);
