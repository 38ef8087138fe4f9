// Layouts, compute pipelines and their cache. In C because a pipeline is made from six structs that point at each other.
#include "internal.h"

#include <stdlib.h>

int32_t cvk_pipeline_cache_create(cvk_device *device, const void *bytes, size_t byte_count, cvk_pipeline_cache *cache) {
    const VkPipelineCacheCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
        .initialDataSize = byte_count,
        .pInitialData = bytes,
    };
    VkPipelineCache handle = VK_NULL_HANDLE;
    const VkResult result = device->vkCreatePipelineCache(device->handle, &info, NULL, &handle);
    cache->value = CVK_VALUE(handle);
    return result;
}

void cvk_pipeline_cache_destroy(cvk_device *device, cvk_pipeline_cache cache) {
    device->vkDestroyPipelineCache(device->handle, CVK_HANDLE(VkPipelineCache, cache), NULL);
}

int32_t cvk_pipeline_cache_data(cvk_device *device, cvk_pipeline_cache cache, void *bytes, size_t *byte_count) {
    return device->vkGetPipelineCacheData(device->handle, CVK_HANDLE(VkPipelineCache, cache), byte_count, bytes);
}

int32_t cvk_layout_create(cvk_device *device, uint32_t bindings, uint32_t push_bytes, cvk_set_layout *set_layout,
                          cvk_pipeline_layout *layout) {
    VkDescriptorSetLayoutBinding *entries = calloc(bindings ? bindings : 1, sizeof *entries);
    if (!entries) return VK_ERROR_OUT_OF_HOST_MEMORY;
    for (uint32_t i = 0; i < bindings; i++)
        entries[i] = (VkDescriptorSetLayoutBinding){
            .binding = i,
            .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
        };
    const VkDescriptorSetLayoutCreateInfo set_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = bindings,
        .pBindings = entries,
    };
    VkDescriptorSetLayout set_handle = VK_NULL_HANDLE;
    VkResult result = device->vkCreateDescriptorSetLayout(device->handle, &set_info, NULL, &set_handle);
    free(entries);
    if (result < 0) return result;

    const VkPushConstantRange range = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .offset = 0, .size = push_bytes};
    const VkPipelineLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &set_handle,
        .pushConstantRangeCount = push_bytes > 0 ? 1 : 0,
        .pPushConstantRanges = &range,
    };
    VkPipelineLayout handle = VK_NULL_HANDLE;
    result = device->vkCreatePipelineLayout(device->handle, &info, NULL, &handle);
    if (result < 0) {
        device->vkDestroyDescriptorSetLayout(device->handle, set_handle, NULL);
        return result;
    }
    set_layout->value = CVK_VALUE(set_handle);
    layout->value = CVK_VALUE(handle);
    return VK_SUCCESS;
}

void cvk_layout_destroy(cvk_device *device, cvk_set_layout set_layout, cvk_pipeline_layout layout) {
    device->vkDestroyPipelineLayout(device->handle, CVK_HANDLE(VkPipelineLayout, layout), NULL);
    device->vkDestroyDescriptorSetLayout(device->handle, CVK_HANDLE(VkDescriptorSetLayout, set_layout), NULL);
}

int32_t cvk_pipeline_create(cvk_device *device, const cvk_pipeline_info *info, cvk_pipeline_layout layout, cvk_pipeline_cache cache,
                            cvk_pipeline *pipeline, const char **call) {
    VkSpecializationMapEntry *entries = calloc(info->constant_count ? info->constant_count : 1, sizeof *entries);
    *call = "vkCreateShaderModule";
    if (!entries) return VK_ERROR_OUT_OF_HOST_MEMORY;
    for (uint32_t i = 0; i < info->constant_count; i++)
        entries[i] = (VkSpecializationMapEntry){.constantID = i, .offset = 4 * i, .size = 4};
    const VkSpecializationInfo constants = {
        .mapEntryCount = info->constant_count,
        .pMapEntries = entries,
        .dataSize = (size_t)4 * info->constant_count,
        .pData = info->constants,
    };
    const VkShaderModuleCreateInfo module_info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = info->code_bytes,
        .pCode = info->code,
    };
    VkShaderModule module = VK_NULL_HANDLE;
    VkResult result = device->vkCreateShaderModule(device->handle, &module_info, NULL, &module);
    if (result < 0) {
        free(entries);
        return result;
    }
    const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
        .requiredSubgroupSize = info->required_subgroup_size,
    };
    const VkComputePipelineCreateInfo pipeline_info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage =
            {
                .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                .pNext = info->required_subgroup_size ? &subgroup : NULL,
                .flags = info->full_subgroups ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT : 0,
                .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                .module = module,
                .pName = "main",
                .pSpecializationInfo = &constants,
            },
        .layout = CVK_HANDLE(VkPipelineLayout, layout),
    };
    *call = "vkCreateComputePipelines";
    VkPipeline handle = VK_NULL_HANDLE;
    result = device->vkCreateComputePipelines(device->handle, CVK_HANDLE(VkPipelineCache, cache), 1, &pipeline_info, NULL, &handle);
    device->vkDestroyShaderModule(device->handle, module, NULL);
    free(entries);
    pipeline->value = CVK_VALUE(handle);
    return result;
}

void cvk_pipeline_destroy(cvk_device *device, cvk_pipeline pipeline) {
    device->vkDestroyPipeline(device->handle, CVK_HANDLE(VkPipeline, pipeline), NULL);
}
