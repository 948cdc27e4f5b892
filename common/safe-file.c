/*
 * Files of a ceremony. What is written is on the disk when the function returns.
 */
#include "common/safe-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/main-thread.h"
#include "common/safe-file-private.h"

#define DIR_MODE 0700
#define READ_STEP 65536u

void
tke_safe_file_set_error(GError **error, const char *path, const char *what, int reason)
{
    g_autofree char *name = g_filename_display_name(path);

    g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, "%s: %s: %s", name, what,
                reason == ELOOP ? _("it is a symbolic link") : g_strerror(reason));
}

void
tke_safe_file_close(int fd)
{
    int reason = errno;

    if (fd >= 0) {
        close(fd);
    }
    errno = reason;
}

static bool
write_all(int fd, const uint8_t *data, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t count = write(fd, data + done, len - done);

        if (count < 0 && errno != EINTR) {
            return false;
        }
        done += count > 0 ? (size_t) count : 0;
    }
    return true;
}

/* The names in the directory of path survive a power cut; false with errno set. */
static bool
sync_parent(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL); /* some file systems cannot */

    tke_safe_file_close(fd);
    return ok;
}

/* What is to be replaced is a regular file or nothing; false with errno set. */
static bool
can_replace(const char *path)
{
    struct stat info = { 0 };

    if (lstat(path, &info) != 0) {
        return errno == ENOENT;
    }
    if (!S_ISREG(info.st_mode)) {
        errno = S_ISLNK(info.st_mode) ? ELOOP : S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        return false;
    }
    return true;
}

bool
tke_safe_file_write(const char *path, const uint8_t *data, size_t len, GError **error)
{
    g_autofree char *temporary = g_strconcat(path, ".XXXXXX", NULL);
    bool ok = false;
    int fd = -1;

    if (!tke_main_thread_may_block(error)) {
        return false;
    }
    if (!can_replace(path)) {
        tke_safe_file_set_error(error, path, _("cannot be written"), errno);
        return false;
    }
    fd = mkostemp(temporary, O_CLOEXEC); /* new, mode 0600 */
    if (fd < 0) {
        tke_safe_file_set_error(error, path, _("cannot be written"), errno);
        return false;
    }
    ok = write_all(fd, data, len) && fsync(fd) == 0;
    tke_safe_file_close(fd);
    ok = ok && rename(temporary, path) == 0;
    if (!ok) {
        int reason = errno;

        unlink(temporary);
        tke_safe_file_set_error(error, path, _("cannot be written"), reason);
        return false;
    }
    if (!sync_parent(path)) {
        tke_safe_file_set_error(error, path, _("was written but may not outlast a power cut"),
                                errno);
        return false;
    }
    return true;
}

/* All that is left in fd, if that is at most max bytes; NULL with errno set. */
static GByteArray *
read_all(int fd, size_t max)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    size_t done = 0;
    ssize_t count = 0;

    do {
        size_t step = MIN(max - done, READ_STEP) + 1; /* the one too many shows */

        g_byte_array_set_size(bytes, (guint) (done + step));
        count = read(fd, bytes->data + done, step);
        if (count < 0 && errno != EINTR) {
            return NULL;
        }
        done += count > 0 ? (size_t) count : 0;
        if (done > max) {
            errno = EFBIG;
            return NULL;
        }
    } while (count != 0);
    g_byte_array_set_size(bytes, (guint) done);
    return g_steal_pointer(&bytes);
}

GByteArray *
tke_safe_file_read(const char *path, size_t max, bool *found, GError **error)
{
    GByteArray *bytes = NULL;
    struct stat info = { 0 };
    int fd = -1;

    g_return_val_if_fail(max < G_MAXUINT - READ_STEP, NULL);

    if (!tke_main_thread_may_block(error)) {
        return NULL;
    }
    fd = open(path, O_RDONLY | TKE_SAFE_FILE_FLAGS);
    if (found != NULL) {
        *found = fd >= 0 || errno != ENOENT;
    }
    if (fd < 0) {
        if (errno != ENOENT || found == NULL) {
            tke_safe_file_set_error(error, path, _("cannot be read"), errno);
        }
        return NULL;
    }
    if (fstat(fd, &info) == 0 && !S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    } else {
        bytes = read_all(fd, max);
    }
    if (bytes == NULL) {
        tke_safe_file_set_error(error, path, _("cannot be read"), errno);
    }
    tke_safe_file_close(fd);
    return bytes;
}

/* The whole file, whose length is known, into locked memory; NULL with error set. */
static TkeSecret *
read_all_secret(int fd, const char *path, size_t len, GError **error)
{
    g_autoptr(TkeSecret) secret = tke_secret_new(len, error);
    size_t done = 0;

    while (secret != NULL && done < len) {
        ssize_t count = read(fd, tke_secret_fill(secret, NULL) + done, len - done);

        if (count == 0 || (count < 0 && errno != EINTR)) {
            tke_safe_file_set_error(error, path, _("cannot be read"), count == 0 ? EIO : errno);
            return NULL;
        }
        done += count > 0 ? (size_t) count : 0;
    }
    return g_steal_pointer(&secret);
}

TkeSecret *
tke_safe_file_read_secret(const char *path, size_t max, GError **error)
{
    g_autofree char *name = g_filename_display_name(path);
    TkeSecret *secret = NULL;
    struct stat info = { 0 };
    int fd = open(path, O_RDONLY | TKE_SAFE_FILE_FLAGS);

    g_return_val_if_fail(max <= TKE_SECRET_MAX, NULL);

    if (fd < 0 || fstat(fd, &info) != 0) {
        tke_safe_file_set_error(error, path, _("cannot be read"), errno);
    } else if (!S_ISREG(info.st_mode)) {
        tke_safe_file_set_error(error, path, _("cannot be read"),
                                S_ISDIR(info.st_mode) ? EISDIR : EINVAL);
    } else if (info.st_uid != geteuid()) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("%s: holds secrets and belongs to another user"), name);
    } else if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("%s: holds secrets, and others have rights to it; take them away with "
                      "\"chmod 600\""),
                    name);
    } else if (info.st_size <= 0 || (uintmax_t) info.st_size > max) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, _("%s: has %jd bytes; 1 to %zu belong in it"),
                    name, (intmax_t) info.st_size, max);
    } else {
        secret = read_all_secret(fd, path, (size_t) info.st_size, error);
    }
    tke_safe_file_close(fd);
    return secret;
}

/* The directory belongs to this user, and nobody else may write to it. */
static bool
check_dir(const char *dir, int flags, GError **error)
{
    struct stat info = { 0 };
    int fd = open(dir, O_RDONLY | O_DIRECTORY | flags);
    bool ok = false;

    if (fd < 0 || fstat(fd, &info) != 0) {
        /* With O_DIRECTORY a link is reported as "not a directory". */
        tke_safe_file_set_error(error, dir, _("cannot be used"),
                                g_file_test(dir, G_FILE_TEST_IS_SYMLINK) ? ELOOP : errno);
    } else if (info.st_uid != geteuid()) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, _("%s: belongs to another user"), dir);
    } else if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("%s: others may write to it; take that right away with \"chmod go-w\""), dir);
    } else {
        ok = true;
    }
    tke_safe_file_close(fd);
    return ok;
}

bool
tke_safe_file_check_dir(const char *path, GError **error)
{
    return check_dir(path, TKE_SAFE_FILE_FLAGS & ~O_NOFOLLOW, error);
}

bool
tke_safe_file_make_dir(const char *path, GError **error)
{
    g_autofree char *dir = g_canonicalize_filename(path, NULL);

    if (!tke_main_thread_may_block(error)) {
        return false;
    }
    if (g_mkdir_with_parents(dir, DIR_MODE) != 0) {
        tke_safe_file_set_error(error, dir, _("cannot be created"), errno);
        return false;
    }
    return check_dir(dir, TKE_SAFE_FILE_FLAGS, error);
}

/* Opens for appending; tells whether the file is new and how long it is. -1 with errno set. */
static int
open_to_append(const char *path, bool *is_new, off_t *len)
{
    struct stat info = { 0 };
    int fd = open(path, O_WRONLY | O_APPEND | TKE_SAFE_FILE_FLAGS);

    *is_new = fd < 0 && errno == ENOENT;
    if (*is_new) {
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | TKE_SAFE_FILE_FLAGS,
                  TKE_SAFE_FILE_MODE);
    }
    if (fd >= 0 && fstat(fd, &info) == 0 && !S_ISREG(info.st_mode)) {
        errno = EINVAL;
        tke_safe_file_close(fd);
        return -1;
    }
    *len = info.st_size;
    return fd;
}

/* One write, so that no other one comes between; false with errno set. */
static bool
write_line(int fd, const char *line, size_t len)
{
    g_autofree char *text = g_malloc(len + 1);
    ssize_t count = 0;

    memcpy(text, line, len);
    text[len] = '\n';
    do {
        count = write(fd, text, len + 1);
    } while (count < 0 && errno == EINTR);
    if (count >= 0 && (size_t) count <= len) {
        errno = ENOSPC; /* a short write: the next one would have said so */
        return false;
    }
    return count > 0 && fdatasync(fd) == 0;
}

bool
tke_safe_file_append_line(const char *path, const char *line, size_t len, GError **error)
{
    bool is_new = false;
    bool ok = false;
    off_t old_len = 0;
    int fd = -1;

    g_return_val_if_fail(memchr(line, '\n', len) == NULL, false);

    if (!tke_main_thread_may_block(error)) {
        return false;
    }
    fd = open_to_append(path, &is_new, &old_len);
    if (fd < 0) {
        tke_safe_file_set_error(error, path, _("cannot be written"), errno);
        return false;
    }
    ok = write_line(fd, line, len) && (old_len > 0 || sync_parent(path));
    if (!ok) {
        int reason = errno;
        bool restored = is_new ? unlink(path) == 0 : ftruncate(fd, old_len) == 0;

        tke_safe_file_set_error(error, path,
                                restored ? _("cannot be written") : _("ends in an unfinished line"),
                                reason);
    }
    tke_safe_file_close(fd);
    return ok;
}

bool
tke_safe_file_append_open(int fd, const char *path, const char *line, size_t len, GError **error)
{
    struct stat info = { 0 };
    bool ok = false;

    g_return_val_if_fail(memchr(line, '\n', len) == NULL, false);

    if (!tke_main_thread_may_block(error)) {
        return false;
    }
    if (fstat(fd, &info) != 0) {
        tke_safe_file_set_error(error, path, _("cannot be written"), errno);
        return false;
    }
    ok = write_line(fd, line, len) && (info.st_size > 0 || sync_parent(path));
    if (!ok) {
        int reason = errno;
        bool restored = ftruncate(fd, info.st_size) == 0;

        tke_safe_file_set_error(error, path,
                                restored ? _("cannot be written") : _("ends in an unfinished line"),
                                reason);
    }
    return ok;
}

/* Some file systems keep no blocks in advance: their free ones are counted. 0 or an errno. */
static int
lacks_room(int fd, off_t size, size_t room)
{
    struct rlimit limit = { 0 };
    struct statvfs disk = { 0 };

    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        ((rlim_t) size > limit.rlim_cur || limit.rlim_cur - (rlim_t) size < room)) {
        return EFBIG;
    }
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, size, (off_t) room) == 0) {
        return 0;
    }
    if (errno != EOPNOTSUPP && errno != ENOSYS) {
        return errno;
    }
    return fstatvfs(fd, &disk) == 0 && disk.f_bavail < room / MAX(disk.f_frsize, 1) + 1 ? ENOSPC
                                                                                        : 0;
}

bool
tke_safe_file_keep_room(int fd, const char *path, size_t room, GError **error)
{
    struct stat info = { 0 };
    int reason = fstat(fd, &info) != 0 ? errno : lacks_room(fd, info.st_size, room);

    if (reason != 0) {
        tke_safe_file_set_error(error, path, _("cannot be written"), reason);
    }
    return reason == 0;
}

GByteArray *
tke_safe_file_read_open(int fd, const char *path, size_t max, GError **error)
{
    GByteArray *bytes = NULL;
    struct stat info = { 0 };

    g_return_val_if_fail(max < G_MAXUINT - READ_STEP, NULL);

    if (!tke_main_thread_may_block(error)) {
        return NULL;
    }
    if (fstat(fd, &info) == 0 && !S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    } else if (lseek(fd, 0, SEEK_SET) == 0) {
        bytes = read_all(fd, max);
    }
    if (bytes == NULL) {
        tke_safe_file_set_error(error, path, _("cannot be read"), errno);
    }
    return bytes;
}
