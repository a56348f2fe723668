#include "common/sql/program/program_parser.h"
