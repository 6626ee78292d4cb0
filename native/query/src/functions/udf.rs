//! One way of writing scalar functions: a table of definitions, each a name, a result type and a vectorised body.
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// When a function gives NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// If and only if an argument is NULL.
    Strict,
    /// Also for other arguments.
    Maybe,
    Never,
}

/// What a result type may depend on: argument types and constant arguments.
pub struct Arguments<'a> {
    pub types: Vec<&'a DataType>,
    pub constants: &'a [Option<&'a ScalarValue>],
}

pub struct Definition {
    pub name: &'static str,
    pub nulls: Nulls,
    pub returns: fn(&Arguments) -> Result<DataType>,
    pub invoke: fn(&ScalarFunctionArgs) -> Result<ColumnarValue>,
}

/// Every scalar function of Kiln; its name finds it again in a serialized plan.
pub struct Function {
    definition: &'static Definition,
    signature: Signature,
}

impl Function {
    pub fn udf(definition: &'static Definition) -> ScalarUDF {
        let types = TypeSignature::OneOf(vec![TypeSignature::VariadicAny, TypeSignature::Nullary]);
        ScalarUDF::new_from_impl(Self { definition, signature: Signature::new(types, Volatility::Immutable) })
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.definition.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name == other.definition.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.definition.name
    }

    /// DataFusion asks for the names of all levels of an expression again and again: a deep one has a hash in its name.
    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        if args.iter().any(|arg| is_deeper(arg, MAX_NAMED_LEVELS)) {
            let mut hasher = DefaultHasher::new();
            args.hash(&mut hasher);
            return Ok(format!("{}(#{:016x})", self.definition.name, hasher.finish()));
        }
        let names: Vec<String> = args.iter().map(|arg| arg.schema_name().to_string()).collect();
        Ok(format!("{}({})", self.definition.name, names.join(",")))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        (self.definition.returns)(&Arguments { types: types.iter().collect(), constants: &[] })
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types = args.arg_fields.iter().map(|f| f.data_type()).collect();
        let data_type = (self.definition.returns)(&Arguments { types, constants: args.scalar_arguments })?;
        let nullable = match self.definition.nulls {
            Nulls::Strict => args.arg_fields.iter().any(|f| f.is_nullable()),
            Nulls::Maybe => true,
            Nulls::Never => false,
        };
        Ok(Arc::new(Field::new(self.definition.name, data_type, nullable)))
    }

    fn is_strict(&self) -> bool {
        self.definition.nulls == Nulls::Strict
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        (self.definition.invoke)(&args)
    }
}

const MAX_NAMED_LEVELS: usize = 12;

fn is_deeper(expr: &Expr, levels: usize) -> bool {
    let mut found = levels == 0;
    if !found {
        let walked = expr.apply_children(|child| {
            found = is_deeper(child, levels - 1);
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        });
        found |= walked.is_err();
    }
    found
}

/// Runs `body` over arrays of one length: constants are repeated, and a call of constants only runs on one row.
pub fn over_arrays(args: &ScalarFunctionArgs, body: impl FnOnce(&[ArrayRef]) -> Result<ArrayRef>) -> Result<ColumnarValue> {
    let scalar = args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
    let rows = if scalar { 1 } else { args.number_rows };
    let arrays = args.args.iter().map(|a| a.to_array(rows)).collect::<Result<Vec<_>>>()?;
    let result = body(&arrays)?;
    if scalar {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
    }
    Ok(ColumnarValue::Array(result))
}

/// Like [`over_arrays`] for one varying argument: the others are constants read with [`text`] and its like.
pub fn over_first(args: &ScalarFunctionArgs, body: impl FnOnce(&ArrayRef) -> Result<ArrayRef>) -> Result<ColumnarValue> {
    match argument(args, 0)? {
        ColumnarValue::Array(array) => Ok(ColumnarValue::Array(body(array)?)),
        ColumnarValue::Scalar(value) => {
            let result = body(&value.to_array()?)?;
            Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?))
        }
    }
}

pub fn argument(args: &ScalarFunctionArgs, index: usize) -> Result<&ColumnarValue> {
    match args.args.get(index) {
        Some(value) => Ok(value),
        None => exec_err!("argument {index} is missing"),
    }
}

/// A constant text argument.
pub fn text(args: &ScalarFunctionArgs, index: usize) -> Result<Option<&str>> {
    match argument(args, index)? {
        ColumnarValue::Scalar(ScalarValue::Utf8View(v) | ScalarValue::Utf8(v) | ScalarValue::LargeUtf8(v)) => Ok(v.as_deref()),
        _ => exec_err!("argument {index} must be constant text"),
    }
}

/// A constant integer argument.
pub fn integer(args: &ScalarFunctionArgs, index: usize) -> Result<Option<i64>> {
    match argument(args, index)? {
        ColumnarValue::Scalar(value) => integer_value(value),
        ColumnarValue::Array(_) => exec_err!("argument {index} must be a constant integer"),
    }
}

pub fn integer_value(value: &ScalarValue) -> Result<Option<i64>> {
    Ok(match value {
        ScalarValue::Int8(v) => v.map(i64::from),
        ScalarValue::Int16(v) => v.map(i64::from),
        ScalarValue::Int32(v) => v.map(i64::from),
        ScalarValue::Int64(v) => *v,
        ScalarValue::UInt32(v) => v.map(i64::from),
        ScalarValue::Null => None,
        other => return exec_err!("{other} is not an integer"),
    })
}

/// `args[index]`'s type, or an error in place of a panic.
pub fn type_at<'a>(args: &Arguments<'a>, index: usize) -> Result<&'a DataType> {
    match args.types.get(index) {
        Some(data_type) => Ok(data_type),
        None => exec_err!("argument {index} is missing"),
    }
}
