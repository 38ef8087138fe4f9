#include "CTernary.h"
typedef int CTernary_unit;
