/*
 * tke as it is, but readable from outside: what the secret scan searches (no program that is
 * installed leaves its memory readable).
 */
#include "tke/program.h"

int
main(int argc, char **argv)
{
    return tke_cli_program(argc, argv, TKE_PROCESS_DUMPABLE);
}
