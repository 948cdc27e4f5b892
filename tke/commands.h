/*
 * The functions of the command table: arguments to parameters, result to output.
 */
#pragma once

#include "tke/cli.h"

bool tke_cli_help(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_token(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_shell(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_readers(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_card_acceptance_test(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_reader_acceptance_test(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_card_info(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_zone_create(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_zone_backup(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_zone_test_backup(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_card_enroll(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_card_personalize(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_card_unblock(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_card_change_pin(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_card_set_description(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_card_generate_signature_key(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_card_generate_key_part(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_card_copy(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_card_delete(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_log_show(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_log_head(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_log_verify(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounits(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_add(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_rm(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_leave(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_compare(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_admins(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_admin_add(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_admin_rm(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_thrhlds(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_thrhld_set(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_mk(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_mk_load(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_mk_commit(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_mk_setimm(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_mk_clrnew(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_mk_clrcur(TkeCli *cli, const TkeCliArgs *args, GError **error);
bool tke_cli_cryptounit_zeroize(TkeCli *cli, const TkeCliArgs *args, GError **error);
