import TernaryCore

/// Checks a checkpoint's table of tensors against its configuration; reads no weights.
struct TransformerInventory {
    let tensors: SafetensorsDirectory
    let names: TransformerTensorNames
    let configuration: TransformerConfiguration

    /// The tensors that belong to no block.
    func outside() throws -> [SafetensorsHeader.Tensor] {
        let (rows, columns) = (configuration.vocabularySize, configuration.hiddenSize)
        let embedding = try tensors.entry(names.embedding, shape: [rows, columns]).0.tensor
        let norm = try tensors.entry(names.finalNorm, shape: [columns]).0.tensor
        if configuration.tiesEmbeddings { return [embedding, norm] }
        return [embedding, norm, try tensors.entry("lm_head.weight", shape: [rows, columns]).0.tensor]
    }

    /// The tensors of one block.
    func layer(_ layer: Int) throws -> [SafetensorsHeader.Tensor] {
        var found = try names.vectors(layer, configuration).map { try tensors.entry($0.name, shape: [$0.length]).0.tensor }
        for role in ProjectionRole.allCases {
            let (rows, columns) = role.shape(configuration)
            found += try matrix(names.name(layer, role.suffix), rows, columns)
        }
        return found
    }

    /// The tensors of a module's matrix: packed bytes with their scale, or floats with or without one.
    private func matrix(_ module: String, _ rows: Int, _ columns: Int) throws -> [SafetensorsHeader.Tensor] {
        let (name, scaleName) = (module + ".weight", module + ".weight_scale")
        let weight: SafetensorsHeader.Tensor
        if tensors.isPacked(name) {
            let entry = tensors.tensors[name]!
            let packed = [(rows + 3) / 4, columns]
            guard entry.tensor.shape == packed else {
                throw FileError(
                    entry.file.path, at: name,
                    "is \(entry.tensor.shape), expected \(packed): four of \(rows) rows a byte, from config.json")
            }
            guard tensors.tensors[scaleName] != nil else {
                throw FileError(entry.file.path, at: scaleName, "the tensor is missing")
            }
            weight = entry.tensor
        } else {
            weight = try tensors.entry(name, shape: [rows, columns]).0.tensor
        }
        guard let scale = tensors.tensors[scaleName] else { return [weight] }
        // A scalar is saved as [] or as [1].
        return [weight, try tensors.entry(scaleName, shape: scale.tensor.shape.isEmpty ? [] : [1]).0.tensor]
    }

    /// Refuses tensors of which nothing is known; a head beside a table that stands for it is not read.
    func refuseOthers(than known: Set<String>) throws {
        for (name, entry) in tensors.tensors where !known.contains(name) {
            if name.hasSuffix("rotary_emb.inv_freq") { continue }
            if configuration.tiesEmbeddings, name == "lm_head.weight" { continue }
            throw FileError(entry.file.path, at: name.forMessage, "is not a tensor of this architecture")
        }
    }
}
