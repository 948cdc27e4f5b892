/*
 * What keeps the readers of a workstation from serving a ceremony (F-002, F-009, F-011).
 */
#include "libceremony/self-check.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/advice.h"
#include "libceremony/op-reader.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/reader-users.h"
#include "libsmartcard/reader.h"
#include "libsmartcard/usb-reader.h"

void
tke_problem_free(TkeProblem *problem)
{
    if (problem != NULL) {
        g_free(problem->subject);
        g_free(problem->text);
        g_free(problem->remedy);
        g_free(problem->details);
        g_free(problem);
    }
}

/* Takes the texts. */
static TkeProblem *
add(GPtrArray *problems, char *subject, char *text, char *remedy, bool minor)
{
    TkeProblem *problem = g_new0(TkeProblem, 1);

    problem->subject = subject;
    problem->text = text;
    problem->remedy = remedy != NULL ? remedy : g_strdup("");
    problem->minor = minor;
    g_ptr_array_add(problems, problem);
    return problem;
}

void
tke_self_check_reader(GPtrArray *problems, const TkeReaderCheck *check, unsigned *good)
{
    g_autofree char *subject = check->number != 0 ? g_strdup_printf(_("reader %u"), check->number)
                                                  : tke_reader_dup_text(check->reader);

    /* a reader that is held cannot be asked for its keypad: it is there, and may well do */
    if ((check->number != 0 || (check->alike && *good < TKE_READERS)) &&
        (check->trouble == NULL || tke_card_error_code(check->trouble) == TKE_CARD_ERROR_IN_USE)) {
        (*good)++;
    }
    if (check->trouble != NULL) {
        TkeProblem *problem =
            add(problems, g_steal_pointer(&subject), g_strdup(check->trouble->message),
                tke_advice_for_error(check->trouble), check->number == 0 && !check->alike);

        problem->details = tke_advice_details_for_error(check->trouble);
    }
}

/* Nothing that keeps from working: each procedure asks. */
static void
add_alike(GPtrArray *problems, const GPtrArray *checks)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < checks->len; i++) {
        const TkeReaderCheck *check = g_ptr_array_index(checks, i);

        if (check->alike) {
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", check->reader->name);
        }
    }
    if (names->len > 0) {
        add(problems, g_string_free(g_steal_pointer(&names), FALSE),
            g_strdup(_("these readers cannot be told apart: neither serial number nor port is "
                       "known of them")),
            g_strdup(_("Which is which is asked for when it matters, by a card that is put in, and "
                       "never taken from their "
                       "order. If another program holds one of them, close it: perhaps they tell "
                       "then. Or use readers "
                       "with serial numbers.")),
            true);
    }
}

/* Does PC/SC show a reader at this port? "usb:1-1.4" and, of one device, "usb:1-1.4/1". */
static bool
is_shown(const GPtrArray *checks, const char *port)
{
    for (guint i = 0; i < checks->len; i++) {
        const TkeReaderCheck *check = g_ptr_array_index(checks, i);
        const char *own = check->reader->port;

        if (g_str_has_prefix(own, port) &&
            (own[strlen(port)] == '\0' || own[strlen(port)] == '/')) {
            return true;
        }
    }
    return false;
}

/* Real readers whose port is not known: each may be one of the devices. */
static unsigned
count_without_port(const GPtrArray *checks)
{
    unsigned n = 0;

    for (guint i = 0; i < checks->len; i++) {
        const TkeReaderInfo *info = ((const TkeReaderCheck *) g_ptr_array_index(checks, i))->reader;

        n += !info->is_virtual && info->port[0] == '\0' ? 1 : 0;
    }
    return n;
}

/* takers: programs that run and may have taken it for themselves; NULL: none does. */
static void
add_not_shown(GPtrArray *problems, const TkeUsbReader *device, const char *takers)
{
    const char *driver =
        _("Its driver is missing or too old: install or update the package libccid "
          "(Fedora: pcsc-lite-ccid, SUSE: pcsc-ccid), unplug the reader and plug it "
          "in again. “journalctl -u pcscd” tells more.");

    add(problems,
        g_strdup_printf(_("USB device “%s” (%04X:%04X, %s)"), device->product, device->vendor_id,
                        device->product_id, device->port),
        takers == NULL
            ? g_strdup(
                  _("it looks like a card reader, but the smart card service does not show it"))
            : g_strdup_printf(_("it looks like a card reader, but the smart card service does not "
                                "show it; running "
                                "now, and known to take readers for itself past the service: %s"),
                              takers),
        takers == NULL ? g_strdup(driver)
                       : g_strdup_printf(_("Perhaps GnuPG's scdaemon has it: “gpgconf --kill "
                                           "scdaemon”, unplug the reader and plug "
                                           "it in again; for good, write “disable-ccid” into "
                                           "~/.gnupg/scdaemon.conf. If it is "
                                           "not shown then: %s"),
                                         driver),
        false);
}

void
tke_self_check_devices(GPtrArray *problems, const GPtrArray *checks, const char *sysfs,
                       const char *proc)
{
    g_autofree char *takers = tke_reader_users_list(proc, TKE_READER_USERS_PAST_SERVICE);
    g_autoptr(GPtrArray) devices = tke_usb_reader_list(sysfs);
    unsigned unknown = count_without_port(checks);

    for (guint i = 0; i < devices->len; i++) {
        const TkeUsbReader *device = g_ptr_array_index(devices, i);

        if (is_shown(checks, device->port)) {
            continue;
        }
        if (unknown > 0) {
            unknown--;
            continue;
        }
        add_not_shown(problems, device, takers);
    }
}

bool
tke_self_check_readers(TkeOperation *op, GPtrArray **checks, GPtrArray **problems, unsigned *good,
                       GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify) tke_problem_free);
    g_autoptr(GPtrArray) all = NULL;

    if (!tke_op_reader_check(op, &all, error)) {
        return false;
    }
    *good = 0;
    for (guint i = 0; i < all->len; i++) {
        tke_self_check_reader(found, g_ptr_array_index(all, i), good);
    }
    add_alike(found, all);
    if (!tke_world_is_rehearsal(tke_operation_get_world(op))) {
        tke_self_check_devices(found, all, "/sys", "/proc");
    }
    *checks = g_steal_pointer(&all);
    *problems = g_steal_pointer(&found);
    return true;
}
