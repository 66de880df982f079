# A reminder of the hub → a task of whoever looks after the customer.
{
  TASK_NO: ($message.target_id // .number),
  TITLE: .subject,
  CONTACT: .contact,
  OWNER: .owner,
  DUE: .next_on,
  TYPE: .next_step
}
| compact
