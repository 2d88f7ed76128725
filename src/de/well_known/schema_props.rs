//! apiextensions' unions: a schema or something else.
//!
//! What the JSON does not show is decoded all the same, as Go does.

use crate::de::well_known::Gathered;
use crate::de::{Pieces, Value, Walk};
use crate::error::Result;
use crate::schema::row::Type;

impl<'a> Walk<'a> {
    /// `JSONSchemaPropsOrArray`, `JSONSchemaPropsOrStringArray`: the list if it
    /// has items, else the schema, else `null`.
    pub(super) fn schema_or_list(
        &mut self,
        fields: &Gathered,
        schema: u32,
        list: u32,
    ) -> Result<Value<'a>> {
        let items = fields.run(self, list);
        let schema = self.schema_member(fields, schema)?;
        if items.is_empty() {
            return Ok(schema);
        }
        self.check(schema)?;
        Ok(Value::List(fields.kind(list), items))
    }

    /// `JSONSchemaPropsOrBool {1: allows, 2: schema}`: the schema if there is
    /// one, else the bool.
    pub(super) fn schema_or_bool(&mut self, fields: &Gathered) -> Result<Value<'a>> {
        match self.schema_member(fields, 2)? {
            Value::Null => Ok(match fields.last(self, 1) {
                Some((allows, _)) => allows,
                None => Value::Bool(false),
            }),
            schema => Ok(schema),
        }
    }

    fn schema_member(&mut self, fields: &Gathered, number: u32) -> Result<Value<'a>> {
        let run = fields.run(self, number);
        match fields.kind(number) {
            Type::Message(message) if !run.is_empty() => {
                let pieces = Pieces::of(run, self);
                self.message_value(message, pieces)
            }
            _ => Ok(Value::Null),
        }
    }
}
