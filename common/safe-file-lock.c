/*
 * The exclusive lock of a directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/safe-file-private.h"

#define LOCK_NAME "lock"
#define LOCK_TRIES 10u
#define NUMBER_MAX 10u /* digits */

struct TkeDirLock {
    int dir_fd;
    int fd; /* of the file in it */
};

int
tke_safe_file_parse_keeper(const char *text, size_t len)
{
    char digits[NUMBER_MAX + 1] = "";
    guint64 number = 0;

    if (len > 0 && text[len - 1] == '\n') {
        len--;
    }
    if (len > NUMBER_MAX || memchr(text, '\0', len) != NULL) {
        return 0;
    }
    memcpy(digits, text, len);
    /* GLib alone passes a vertical tab over. */
    return g_ascii_isdigit(digits[0]) &&
                   g_ascii_string_to_unsigned(digits, 10, 1, G_MAXINT, &number, NULL)
               ? (int) number
               : 0;
}

static int
read_keeper(const char *path)
{
    char text[NUMBER_MAX + 2] = "";
    int fd = open(path, O_RDONLY | TKE_SAFE_FILE_FLAGS);
    ssize_t count = fd >= 0 ? pread(fd, text, sizeof text, 0) : 0;

    tke_safe_file_close(fd);
    return count > 0 ? tke_safe_file_parse_keeper(text, (size_t) count) : 0;
}

int
tke_safe_file_find_keeper(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, LOCK_NAME, NULL);

    return read_keeper(path);
}

static void
set_locked_error(GError **error, const char *dir, const char *path)
{
    const int keeper = read_keeper(path);

    if (keeper > 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_LOCKED,
                    _("%s: another process (number %d) is working there"), dir, keeper);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_LOCKED, _("%s: another process is working there"),
                    dir);
    }
}

/* Network file systems lock nothing that is not open for writing, and no directory ever is. */
static bool
cannot_be_locked(int reason)
{
    return reason == EBADF || reason == EISDIR || reason == EINVAL || reason == ENOLCK ||
           reason == ENOSYS || reason == EOPNOTSUPP;
}

/* The directory itself, which nobody takes away while the files in it are worked on. -1 with errno
 * set. */
static int
lock_directory(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && !cannot_be_locked(errno)) {
        tke_safe_file_close(fd);
        return -1;
    }
    return fd;
}

bool
tke_safe_file_is_named(int fd, const char *path)
{
    struct stat own = { 0 };
    struct stat named = { 0 };

    return fstat(fd, &own) == 0 && lstat(path, &named) == 0 && own.st_dev == named.st_dev &&
           own.st_ino == named.st_ino;
}

/* The file, which tells the number of the process and locks where a directory cannot. -1 with
 * errno set. */
static int
lock_file(const char *path)
{
    int fd = -1;

    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        fd = open(path, O_RDWR | O_CREAT | TKE_SAFE_FILE_FLAGS, TKE_SAFE_FILE_MODE);
        if (fd < 0) {
            return -1;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            tke_safe_file_close(fd);
            return -1;
        }
        if (tke_safe_file_is_named(fd, path)) {
            return fd;
        }
        close(fd);
    }
    errno = EWOULDBLOCK; /* somebody removes it all the time: he is working there */
    return -1;
}

TkeDirLock *
tke_safe_file_lock_dir(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, LOCK_NAME, NULL);
    g_autofree char *pid = g_strdup_printf("%ld\n", (long) getpid());
    TkeDirLock *lock = NULL;
    int dir_fd = lock_directory(dir);
    int fd = dir_fd >= 0 ? lock_file(path) : -1;

    if (fd < 0) {
        tke_safe_file_close(dir_fd);
        if (errno == EWOULDBLOCK) {
            set_locked_error(error, dir, path);
        } else {
            tke_safe_file_set_error(error, path, _("cannot be used"), errno);
        }
        return NULL;
    }
    /* Only for the message above: a full disk is no reason not to work. */
    if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, strlen(pid), 0) < 0) {
        errno = 0;
    }
    lock = g_new0(TkeDirLock, 1);
    lock->dir_fd = dir_fd;
    lock->fd = fd;
    return lock;
}

void
tke_dir_lock_free(TkeDirLock *lock)
{
    if (lock == NULL) {
        return;
    }
    /* The file stays: removing it could take it from under another process that opened it. */
    if (ftruncate(lock->fd, 0) != 0) {
        errno = 0;
    }
    close(lock->fd); /* releases, as the next does */
    close(lock->dir_fd);
    g_free(lock);
}
