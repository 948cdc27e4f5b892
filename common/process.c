/*
 * Start of a program. The order matters: texts first, so that the error can be read.
 */
#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <libintl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/secret.h"

void
tke_process_open_standard(void)
{
    /* A new descriptor is the lowest that is free. Without any nothing can be said, nor should be
     * done. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd) {
            abort();
        }
    }
}

bool
tke_process_init(TkeProcessFlags flags, GError **error)
{
    const struct rlimit no_core = { 0 };

    tke_process_open_standard();
    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, TKE_LOCALE_DIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);

    /* A closed pipe and a full file are errors of the write that meets them, not the end. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);

    /* libcurl would write the keys of its connections there, and with them the token. */
    g_unsetenv("SSLKEYLOGFILE");

    if (setrlimit(RLIMIT_CORE, &no_core) != 0 ||
        ((flags & TKE_PROCESS_DUMPABLE) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("cannot switch off core dumps: %s"),
                    g_strerror(errno));
        return false;
    }
    return tke_secret_heap_init(error);
}
