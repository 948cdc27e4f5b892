/*
 * What safe-file.c and safe-file-lock.c share.
 */
#pragma once

#include <fcntl.h>

#include "common/safe-file.h"

#define TKE_SAFE_FILE_MODE 0600
#define TKE_SAFE_FILE_FLAGS (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

/* what: what cannot be done, translated; reason: errno. */
void tke_safe_file_set_error(GError **error, const char *path, const char *what, int reason);

/* Closes a descriptor (-1: none) without losing the reason of an earlier failure. */
void tke_safe_file_close(int fd);
