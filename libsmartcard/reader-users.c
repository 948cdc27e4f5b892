/*
 * Programs that are known to use card readers, among those that run.
 */
#include "libsmartcard/reader-users.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define LIST_MAX 6u

/* As /proc/PID/comm shows them: 15 characters. */
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
    { "scup", false },
    { "tke", false },
    { "tke-gui", false },
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
};

/* Does the name of a directory of /proc belong to a process other than this one? */
static bool
is_other_process(const char *name)
{
    guint64 pid = 0;

    /* GLib alone passes a vertical tab over. */
    return g_ascii_isdigit(name[0]) &&
           g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT, &pid, NULL) &&
           pid != (guint64) getpid();
}

static bool
is_user(const char *comm, TkeReaderUsers which)
{
    for (size_t i = 0; i < G_N_ELEMENTS(users); i++) {
        if (strcmp(comm, users[i].comm) == 0) {
            return which == TKE_READER_USERS_ALL || users[i].past_service;
        }
    }
    return false;
}

char *
tke_reader_users_list(const char *proc, TkeReaderUsers which)
{
    g_autoptr(GDir) dir = g_dir_open(proc, 0, NULL);
    g_autoptr(GString) list = g_string_new(NULL);
    const char *name = NULL;
    unsigned n = 0;

    while (dir != NULL && n < LIST_MAX && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(proc, name, "comm", NULL);
        g_autofree char *comm = NULL;

        if (!is_other_process(name) || !g_file_get_contents(path, &comm, NULL, NULL) ||
            !is_user(g_strchomp(comm), which)) {
            continue;
        }
        g_string_append_printf(list, "%s%s (%s)", n > 0 ? ", " : "", comm, name);
        n++;
    }
    return n > 0 ? g_strdup(list->str) : NULL;
}
