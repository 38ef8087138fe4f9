// The feature structs of one device, chained; used to ask what there is and again to enable it.
#pragma once
#include "internal.h"

struct cvk_features {
    VkPhysicalDeviceFeatures2 core;
    VkPhysicalDeviceVulkan11Features vulkan11;
    VkPhysicalDeviceVulkan12Features vulkan12;
    VkPhysicalDeviceShaderIntegerDotProductFeatures integer_dot;
    VkPhysicalDeviceSubgroupSizeControlFeatures subgroup_size_control;
    VkPhysicalDeviceMaintenance4Features maintenance4;
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR cooperative_matrix;
};

// Which of the structs a device knows, and by which extension where that is not Vulkan 1.3 itself.
struct cvk_known {
    bool vulkan13, integer_dot, subgroup_size_control, maintenance4, cooperative_matrix, memory_budget;
};

struct cvk_known cvk_known_structs(cvk_instance *instance, VkPhysicalDevice physical);
// Zeroes the structs and chains those that are known.
void cvk_features_chain(struct cvk_features *features, const struct cvk_known *known);
// The CVK_FEATURE_* bits that stand in the feature structs.
uint64_t cvk_features_mask(const struct cvk_features *features);
