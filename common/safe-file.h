/*
 * Files of a ceremony: written whole or not at all, mode 0600, never through a symbolic link.
 *
 * Errors are TKE_ERROR_FILE and name the path and the reason of the system (no space, no right, …).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "common/secret.h"

/*
 * Replaces path atomically: temporary file beside it, fsync, rename, fsync of the directory. On
 * failure the old file is as it was and the temporary one is gone.
 */
TKE_PUBLIC bool tke_safe_file_write(const char *path, const uint8_t *data, size_t len,
                                    GError **error);

/*
 * Reads a regular file of at most max bytes, no symbolic link at the end of the path. found tells
 * apart "does not exist" (returns NULL without error when found is given) from other faults.
 */
TKE_PUBLIC GByteArray *tke_safe_file_read(const char *path, size_t max, bool *found,
                                          GError **error);

/*
 * Reads a file of secrets: a regular file of 1 to max bytes (at most TKE_SECRET_MAX) that belongs
 * to this user and gives nobody else a right, no symbolic link. The bytes go from the file to the
 * secure heap only.
 */
TKE_PUBLIC TkeSecret *tke_safe_file_read_secret(const char *path, size_t max, GError **error);

/* Creates the directory and its parents with mode 0700; an existing one of another user, or one
 * that others may write to, is an error. */
TKE_PUBLIC bool tke_safe_file_make_dir(const char *path, GError **error);

/* The same of a directory that must exist already; path may be a link to it, as users set up their
 * own. */
TKE_PUBLIC bool tke_safe_file_check_dir(const char *path, GError **error);

/* Appends a whole line of len bytes (the newline is added) with one write and fdatasync. On failure
 * the file has its old length again. */
TKE_PUBLIC bool tke_safe_file_append_line(const char *path, const char *line, size_t len,
                                          GError **error);

/*
 * The same for a file that is open for reading and for appending (path: for messages), whatever
 * its name stands for by now. Reading begins at its start.
 */
TKE_PUBLIC GByteArray *tke_safe_file_read_open(int fd, const char *path, size_t max,
                                               GError **error);
TKE_PUBLIC bool tke_safe_file_append_open(int fd, const char *path, const char *line, size_t len,
                                          GError **error);

/*
 * Keeps room bytes at the end of an open file free for what will be written there soon, without
 * making it longer; an error where the disk, a quota or a limit of the process has no room for
 * them.
 */
TKE_PUBLIC bool tke_safe_file_keep_room(int fd, const char *path, size_t room, GError **error);

/* Whether path still is the name of the file that fd was opened for: asked after a file was
 * locked, which may have been removed or replaced while one waited. */
TKE_PUBLIC bool tke_safe_file_is_named(int fd, const char *path);

/*
 * Takes the exclusive lock of a directory, released when the process ends, however it ends. Locked
 * are the directory itself, so that removing the file takes nothing away, and the file "lock" in
 * it, which holds the process number (and is all there is on network file systems that lock no
 * directories). Held by another process: TKE_ERROR_LOCKED, with its process number.
 */
typedef struct TkeDirLock TkeDirLock;
TKE_PUBLIC TkeDirLock *tke_safe_file_lock_dir(const char *dir, GError **error);
TKE_PUBLIC void tke_dir_lock_free(TkeDirLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeDirLock, tke_dir_lock_free)

/* Number of the process that the file "lock" of a directory tells of; 0: none, or the file holds
 * something else. It may have ended long ago. */
TKE_PUBLIC int tke_safe_file_find_keeper(const char *dir);

/* The same for the bytes of such a file: a number and the end of a line, nothing else. */
TKE_PUBLIC int tke_safe_file_parse_keeper(const char *text, size_t len);
