/*
 * What the crypto units of a rehearsal are found to be, as tke tells it: at the start of the half
 * in which they are set up, and at its end.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct SimOfficersReport SimOfficersReport;

/*
 * The units that serve the first instance, operational and failover. units: what "tke cryptounits --json"
 * printed. NULL with TKE_ERROR_INVALID_DATA if that makes no sense or names none.
 */
SimOfficersReport *sim_officers_report_new(const char *units, GError **error);
void sim_officers_report_free(SimOfficersReport *report); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimOfficersReport, sim_officers_report_free)

/* Their numbers, "1,2,3", for --select and for people; the caller frees. */
char *sim_officers_report_dup_numbers(const SimOfficersReport *report);

/* What "tke cryptounit-thrhlds --json" and "tke cryptounit-mk --json" printed.
 * TKE_ERROR_INVALID_DATA. */
bool sim_officers_report_take_thresholds(SimOfficersReport *report, const char *text,
                                         GError **error);
bool sim_officers_report_take_registers(SimOfficersReport *report, const char *text,
                                        GError **error);

/* Every unit was read, with the certificates of its module verified, and is in imprint mode; the
 * error names one. */
bool sim_officers_report_check_new(const SimOfficersReport *report, GError **error);

/* Every unit has a pattern in its current register, and all the same one; the error names one. */
bool sim_officers_report_check_patterns(const SimOfficersReport *report, GError **error);

/*
 * Prints a table of the units and, last, the verdict "master key Valid on N of M crypto units".
 * True if the current register of every unit is Valid, all with one verification pattern.
 */
bool sim_officers_report_print(const SimOfficersReport *report);
