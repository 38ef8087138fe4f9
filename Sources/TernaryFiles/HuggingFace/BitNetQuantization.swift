import TernaryCore

/// What `quantization_config` says of a checkpoint's linear layers (transformers' `BitNetQuantConfig`).
struct BitNetQuantization: Sendable {
    /// Whether a stored scale multiplies the product (`autobitlinear`) or divides it (`bitlinear`, the default).
    ///
    /// Nothing in the tensors tells the two apart.
    var scaleMultiplies = false
    /// Whether float weights are masters, to be ternarised.
    var isOnline = false
    /// Added to the mean square in a projection's own norm.
    var normEpsilon: Float = 1e-6
    /// Modules that stay dense.
    var denseModules: [String] = []

    /// Old scales divide; weights are ternary as they stand.
    init(isOnline: Bool = false) { self.isOnline = isOnline }

    /// Reads the object behind `quantization_config`.
    init(_ reader: ConfigurationReader) throws {
        func choice(_ key: String, _ choices: [String]) throws -> String {
            let value = try reader.string(key) ?? choices[0]
            guard choices.contains(value) else {
                throw reader.fail(
                    key, "\"\(value.forMessage)\" is not supported; \(choices.joined(separator: " and ")) are")
            }
            return value
        }
        guard let method = try reader.string("quant_method") else { throw reader.fail("quant_method", "is missing") }
        guard method == "bitnet" else {
            throw reader.fail("quant_method", "\"\(method.forMessage)\" is not supported; \"bitnet\" is")
        }
        scaleMultiplies = try choice("linear_class", ["bitlinear", "autobitlinear"]) == "autobitlinear"
        isOnline = try choice("quantization_mode", ["offline", "online"]) == "online"
        normEpsilon = Float(try reader.number("rms_norm_eps", in: 1e-12...1) ?? 1e-6)
        denseModules = try reader.strings("modules_to_not_convert") ?? []
        let special = Set("*+?[](){}|^$\\")
        if let pattern = denseModules.first(where: { $0.isEmpty || $0.contains(where: special.contains) }) {
            throw reader.fail(
                "modules_to_not_convert", "\"\(pattern.forMessage)\" is not the name of a module; patterns are not supported")
        }
    }

    /// Whether a module's matrix stays as it is: named from its start up to a dot, or by its end.
    func keepsDense(_ module: String) -> Bool {
        denseModules.contains { module == $0 || module.hasPrefix($0 + ".") || module.hasSuffix($0) }
    }

    /// What the weights of 1 stand for, of a stored scale.
    func gamma(_ stored: Float) -> Float { scaleMultiplies ? stored : 1 / stored }
}
