/*
 * Programs that are known to use card readers, among those that run.
 */
#include "libsmartcard/reader-users.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define NAMES_MAX 8u
#define PIDS_MAX 3u /* of one program: a browser has dozens of processes */

/*
 * As /proc/PID/comm shows them: 15 characters. In the order in which they are told: our own programs
 * last, since whoever reads the list has those in view.
 */
static const struct {
    const char *comm;
    bool past_service; /* GnuPG's scdaemon has a CCID driver built in (scd/ccid-driver.c) */
} users[] = {
    { "scdaemon", true },
    { "gpg-agent", false },
    { "pcsc_scan", false },
    { "opensc-tool", false },
    { "pkcs11-tool", false },
    { "pkcs15-tool", false },
    { "firefox", false },
    { "firefox-esr", false },
    { "chrome", false },
    { "chromium", false },
    { "thunderbird", false },
    { "esc", false },
    { "escd", false },
    { "p11-kit-server", false },
    { "p11-kit-remote", false },
    { "gsd-smartcard", false },
    { "p11_child", false },
    { "ykman", false },
    { "yubico-piv-tool", false },
    /* further clients of the service in the archives of Debian and Fedora */
    { "opensc-explorer", false },
    { "opensc-notify", false },
    { "pkcs15-init", false },
    { "pkcs15-crypt", false },
    { "pkcs11-register", false },
    { "eidenv", false },
    { "piv-tool", false },
    { "sc-hsm-tool", false },
    { "p11tool", false },
    { "ssh-pkcs11-help", false },
    { "pkcs11_eventmgr", false },
    { "pkcs11_inspect", false },
    { "card_eventmgr", false },
    { "gscriptor", false },
    { "scriptor", false },
    { "firefox-bin", false },
    { "thunderbird-bin", false },
    { "chromium-browse", false },
    { "evolution", false },
    { "keepassxc", false },
    { "AusweisApp", false },
    { "AusweisApp2", false },
    { "eid-viewer", false },
    { "gpshell", false },
    /* our own */
    { "tke", false },
    { "tke-gui", false },
    { "scup", false },
};

/* The process that a directory of /proc belongs to; 0: none, or this one. */
static gint64
other_process(const char *name)
{
    guint64 pid = 0;

    /* GLib alone passes a vertical tab over. */
    return g_ascii_isdigit(name[0]) &&
                   g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT, &pid, NULL) &&
                   pid != (guint64) getpid()
               ? (gint64) pid
               : 0;
}

/* The row of a program that is wanted; -1: it is none. */
static int
find_user(const char *comm, TkeReaderUsers which)
{
    for (size_t i = 0; i < G_N_ELEMENTS(users); i++) {
        if (strcmp(comm, users[i].comm) == 0) {
            return which == TKE_READER_USERS_ALL || users[i].past_service ? (int) i : -1;
        }
    }
    return -1;
}

static gint
compare_pids(gconstpointer a, gconstpointer b)
{
    const gint64 first = *(const gint64 *) a;
    const gint64 second = *(const gint64 *) b;

    return first < second ? -1 : first > second;
}

static void
append_program(GString *list, const char *comm, GArray *pids)
{
    g_array_sort(pids, compare_pids);
    g_string_append_printf(list, "%s%s (", list->len > 0 ? ", " : "", comm);
    for (guint i = 0; i < MIN(pids->len, PIDS_MAX); i++) {
        g_string_append_printf(list, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "",
                               g_array_index(pids, gint64, i));
    }
    g_string_append(list, pids->len > PIDS_MAX ? ", …)" : ")");
}

/* The processes of each row; the caller frees the array. */
static GPtrArray *
find_processes(const char *proc, TkeReaderUsers which)
{
    g_autoptr(GDir) dir = g_dir_open(proc, 0, NULL);
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    const char *name = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(users); i++) {
        g_ptr_array_add(found, g_array_new(FALSE, FALSE, sizeof(gint64)));
    }
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(proc, name, "comm", NULL);
        g_autofree char *comm = NULL;
        const gint64 pid = other_process(name);
        int row = -1;

        if (pid != 0 && g_file_get_contents(path, &comm, NULL, NULL)) {
            row = find_user(g_strchomp(comm), which);
        }
        if (row >= 0) {
            g_array_append_val((GArray *) found->pdata[row], pid);
        }
    }
    return found;
}

char *
tke_reader_users_list(const char *proc, TkeReaderUsers which)
{
    g_autoptr(GPtrArray) found = find_processes(proc, which);
    g_autoptr(GString) list = g_string_new(NULL);
    unsigned n = 0;

    for (guint i = 0; i < found->len; i++) {
        GArray *pids = found->pdata[i];

        if (pids->len > 0 && n == NAMES_MAX) {
            g_string_append(list, ", …");
            break;
        }
        if (pids->len > 0) {
            append_program(list, users[i].comm, pids);
            n++;
        }
    }
    return n > 0 ? g_strdup(list->str) : NULL;
}
